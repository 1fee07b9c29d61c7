import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Fake, fault } from '../fake'
import { Session } from './session.svelte'
import { SignIn } from './signin.svelte'

let fake: Fake
let session: Session
let signIn: SignIn
let end: () => void

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-11-23T09:00:00Z') })
  fake = new Fake({ needsSetup: true })
  session = new Session(fake)
  signIn = new SignIn(fake, session)
  end = signIn.listen()
})

afterEach(() => {
  end()
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

describe('SignIn', () => {
  it('waits with a prompt, then hands over the session', async () => {
    const done = signIn.start(false)
    expect(signIn.running).toBe(true)
    await vi.advanceTimersByTimeAsync(0)
    expect(signIn.prompt?.phase).toBe('waiting')
    expect(signIn.prompt?.setupCode).toBe('K7QF-2M9X-TR4C')
    fake.finish()
    await done
    expect(session.view?.state).toBe('active')
    expect(signIn.running).toBe(false)
    expect(signIn.prompt).toBeNull()
  })

  it('counts down, and knows when it is over', async () => {
    const done = signIn.start(true)
    await vi.advanceTimersByTimeAsync(0)
    expect(signIn.over).toBe(false)
    await vi.advanceTimersByTimeAsync(61_000)
    expect(signIn.over).toBe(false)
    await vi.advanceTimersByTimeAsync(9 * 60_000)
    expect(signIn.over).toBe(true)
    fake.breakOff(fault('expired', 'Nobody finished it in time.', 'Try again.'))
    await done
    expect(signIn.error?.code).toBe('expired')
  })

  it('is never over where nothing says when it ends', async () => {
    const done = signIn.start(false)
    await vi.advanceTimersByTimeAsync(0)
    fake.emit('signin', { ...fake.promptOf(false, true), expires: '' })
    expect(signIn.over).toBe(false)
    fake.finish()
    await done
  })

  it.each([
    ['own', '', 'Session.SignIn "" false'],
    ['own', 'https://typed.earlier', 'Session.SignIn "" false'],
    ['other', '  https://r.example ', 'Session.SignIn "https://r.example" false'],
  ] as const)('goes to %s (%j)', async (where, address, call) => {
    signIn.where = where
    signIn.address = address
    const done = signIn.start(false)
    await vi.advanceTimersByTimeAsync(0)
    fake.finish()
    await done
    expect(fake.calls).toEqual([call])
  })

  it('goes where the session was', async () => {
    const done = signIn.again('https://r.example', false)
    await vi.advanceTimersByTimeAsync(0)
    fake.finish()
    await done
    expect(fake.calls).toEqual(['Session.SignIn "https://r.example" false'])
    expect(signIn.address).toBe('https://r.example')
  })

  it('says why an address is refused, and goes nowhere', async () => {
    signIn.where = 'other'
    signIn.address = 'javascript:alert(1)'
    await signIn.start(false)
    expect(signIn.error?.code).toBe('address')
    expect(signIn.running).toBe(false)
    expect(signIn.address).toBe('javascript:alert(1)')
  })

  it('starts once however often it is pressed', async () => {
    const done = signIn.start(false)
    await signIn.start(true)
    await vi.advanceTimersByTimeAsync(0)
    expect(fake.calls).toEqual(['Session.SignIn "" false'])
    fake.finish()
    await done
  })

  it('is cancelled without a word', async () => {
    const done = signIn.start(false)
    await vi.advanceTimersByTimeAsync(0)
    await signIn.cancel()
    await done
    expect(signIn.error).toBeNull()
    expect([signIn.running, signIn.cancelling]).toEqual([false, false])
  })

  it('goes on when it cannot be cancelled', async () => {
    fake.fail['Session.Cancel'] = fault('failed', 'It is finishing.', '')
    const done = signIn.start(false)
    await vi.advanceTimersByTimeAsync(0)
    await signIn.cancel()
    expect(signIn.error?.message).toBe('It is finishing.')
    expect([signIn.running, signIn.cancelling]).toEqual([true, false])
    fake.finish()
    await done
  })

  it('opens the page again, or says why not', async () => {
    const done = signIn.start(false)
    await vi.advanceTimersByTimeAsync(0)
    await signIn.openAgain()
    expect(fake.calls).toContain('Session.OpenAgain')
    fake.fail['Session.OpenAgain'] = fault('failed', 'No browser could be opened.', 'Copy the link.')
    await signIn.openAgain()
    expect(signIn.error?.action).toBe('Copy the link.')
    fake.finish()
    await done
    expect(signIn.error).not.toBeNull()
  })

  it('forgets the last error at the next start', async () => {
    fake.fail['Session.SignIn'] = fault('offline', 'It does not answer.', '')
    await signIn.start(false)
    expect(signIn.error?.code).toBe('offline')
    fake.fail = {}
    const done = signIn.start(false)
    expect(signIn.error).toBeNull()
    await vi.advanceTimersByTimeAsync(0)
    fake.finish()
    await done
  })

  it('takes no prompt of another sign-in', () => {
    fake.emit('signin', fake.promptOf(false, true))
    expect(signIn.prompt).toBeNull()
  })
})
