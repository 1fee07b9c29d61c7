import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { SessionView } from './backend'
import { Fake, fault } from '../fake'
import { Session } from './session.svelte'

let fake: Fake
let session: Session

beforeEach(() => {
  fake = new Fake({ state: 'active' })
  session = new Session(fake)
})

describe('Session', () => {
  it('knows nothing before it has looked', () => {
    expect(session.view).toBeNull()
    expect(session.signedIn).toBe(false)
    expect(session.key).toBe('')
  })

  it('looks', async () => {
    await session.load()
    expect(session.view?.account).toBe('anna')
    expect(session.busy).toBe('')
  })

  it.each([
    ['active', true],
    ['offline', true],
    ['replaced', true],
    ['deactivated', true],
    ['signed_out', false],
    ['expired', false],
    ['ended', false],
    ['keychain_locked', false],
    ['keychain_missing', false],
  ] as const)('%s: signed in is %s', (state, signedIn) => {
    session.learn(fake.become(state))
    expect(session.signedIn).toBe(signedIn)
  })

  it('tells accounts apart', () => {
    session.learn(fake.become('active'))
    const key = session.key
    session.learn({ ...fake.view, account: 'bob' })
    expect(session.key).not.toBe(key)
  })

  it('takes nobody for another whose keychain does not open', () => {
    session.learn(fake.become('active'))
    const key = session.key
    session.learn(fake.become('keychain_locked'))
    expect(session.key).toBe(key)
    session.learn({ ...fake.view, account: '' })
    expect(session.key).toBe('')
  })

  it('hears what changes, until it stops listening', async () => {
    const end = session.listen()
    fake.become('ended')
    expect(session.view?.state).toBe('ended')
    end()
    fake.become('active')
    expect(session.view?.state).toBe('ended')
  })

  it('lets no late answer hide a newer event', async () => {
    let answer: (view: SessionView) => void = () => undefined
    fake.Session.Current = () => new Promise((resolve) => (answer = resolve))
    session.listen()
    const loading = session.load()
    const old = fake.view
    fake.become('ended')
    answer(old)
    await loading
    expect(session.view?.state).toBe('ended')
  })

  it('keeps what it knew when it cannot look, and says why', async () => {
    await session.load()
    fake.fail['Session.Current'] = fault('keychain_timeout', 'The keychain did not answer.', 'Try again.')
    await session.load()
    expect(session.view?.state).toBe('active')
    expect(session.error).toEqual(fake.fail['Session.Current'])
    fake.fail = {}
    await session.load()
    expect(session.error).toBeNull()
  })

  it('does one thing at a time', async () => {
    await Promise.all([session.load(), session.load()])
    expect(fake.calls).toEqual(['Session.Current'])
  })

  it('takes its place again', async () => {
    session.learn(fake.become('replaced'))
    await session.retake()
    expect(session.view?.state).toBe('active')
  })

  it('signs out with a receipt, and shows it before anything else', async () => {
    await session.load()
    session.listen()
    const seen: (string | undefined)[] = []
    const signOut = fake.Session.SignOut
    fake.Session.SignOut = async () => {
      const receipt = await signOut(false)
      seen.push(session.view?.state) // the event was sent already
      return receipt
    }
    await session.signOut()
    expect(seen).toEqual(['active'])
    expect(session.receipt).toEqual(fake.receipt)
    expect(session.view?.state).toBe('signed_out')
    session.dismissReceipt()
    expect(session.receipt).toBeNull()
  })

  it('looks itself where no event came', async () => {
    await session.load()
    await session.signOut()
    expect(session.view?.state).toBe('signed_out')
  })

  it('stays signed in when signing out failed', async () => {
    await session.load()
    fake.fail['Session.SignOut'] = fault('keychain_locked', 'The keychain is locked.', 'Unlock it.')
    await session.signOut()
    expect(session.receipt).toBeNull()
    expect(session.view?.state).toBe('active')
    expect(session.error?.code).toBe('keychain_locked')
    session.listen()
    fake.become('ended')
    expect(session.view?.state).toBe('ended')
  })

  it('is not busy after an answer that never was one', async () => {
    fake.Session.Current = vi.fn().mockRejectedValue('gone')
    await session.load()
    expect(session.busy).toBe('')
    expect(session.error?.message).toBe('gone')
  })
})
