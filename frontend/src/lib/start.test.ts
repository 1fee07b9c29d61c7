import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Fake, fault } from '../fake'
import type { ServerProbe } from './contract'
import { Session } from './session.svelte'
import { Start } from './start.svelte'

let fake: Fake
let session: Session
let start: Start

beforeEach(async () => {
  vi.useFakeTimers()
  fake = new Fake()
  session = new Session(fake)
  start = new Start(fake, session)
  await session.load()
  fake.calls = []
})

afterEach(() => {
  vi.useRealTimers()
})

const wanted = { host: 'ghcr.io', username: 'annal', secret: 'ghp_0123', ends: '', noCheck: false }

describe('an address', () => {
  it('is asked once the person has paused', async () => {
    start.probe.look('https://reg')
    start.probe.look('https://registry.example')
    await vi.advanceTimersByTimeAsync(399)
    expect(fake.calls).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(fake.calls).toEqual(['Start.Probe'])
    expect(start.probe.view?.address).toBe('https://registry.example')
  })

  it.each(['', 'registry', 'https://', 'javascript:alert(1)', 'file:///etc/passwd'])(
    '%j is not asked, as it is none',
    async (text) => {
      start.probe.look(text)
      await vi.advanceTimersByTimeAsync(1000)
      expect(fake.calls).toEqual([])
    },
  )

  it('that was written over does not answer for the new one', async () => {
    let answer: (probe: ServerProbe) => void = () => undefined
    const old = await fake.Start.Probe('https://old.example')
    fake.Start.Probe = () => new Promise((resolve) => (answer = resolve))
    start.probe.look('https://old.example')
    await vi.advanceTimersByTimeAsync(400)
    expect(start.probe.asking).toBe('https://old.example')
    start.probe.look('https://new.example')
    answer(old)
    await vi.advanceTimersByTimeAsync(0)
    expect([start.probe.view, start.probe.asking]).toEqual([null, ''])
  })

  it('that cannot be asked is said nothing of', async () => {
    fake.fail['Start.Probe'] = fault('failed', 'No.', '')
    start.probe.look('https://registry.example')
    await vi.advanceTimersByTimeAsync(400)
    expect([start.probe.view, start.probe.asking]).toEqual([null, ''])
  })
})

describe('Docker Hub by password', () => {
  it('signs in', async () => {
    expect(await start.password('anna', 'secret', '')).toBe(true)
    expect(session.view?.state).toBe('active')
  })

  it('asks for the second factor, which is no error', async () => {
    expect(await start.password('two', 'secret', '')).toBe(false)
    expect([start.factor, start.error]).toEqual([true, null])
    expect(await start.password('two', 'secret', '123456')).toBe(true)
    expect(start.factor).toBe(false)
  })

  it('says why not', async () => {
    expect(await start.password('anna', 'wrong', '')).toBe(false)
    expect([start.factor, start.error?.code]).toEqual([false, 'denied'])
  })
})

describe('a pasted token', () => {
  it('is stored, and only its end is kept', async () => {
    expect(await start.paste(wanted)).toBe(true)
    expect(start.pasted?.lastFour).toBe('0123')
    expect(JSON.stringify(start)).not.toContain('ghp_0123')
    expect(session.view?.state).toBe('active')
  })

  it('that is refused is not', async () => {
    expect(await start.paste({ ...wanted, secret: 'wrong' })).toBe(false)
    expect([start.pasted, start.error?.code]).toEqual([null, 'denied'])
    start.clear()
    expect(start.error).toBeNull()
  })
})

describe('the self-test', () => {
  it('is told step by step', async () => {
    const end = start.listen()
    await start.selfTest()
    await vi.advanceTimersByTimeAsync(1)
    expect(start.test?.steps.map((step) => step.state)).toEqual(['running', 'waiting', 'waiting', 'waiting'])
    await vi.advanceTimersByTimeAsync(2000)
    expect([start.test?.done, start.test?.ok]).toEqual([true, true])
    end()
  })

  it('is heard only by who began it', () => {
    const end = start.listen()
    fake.emit('selftest', { steps: [], done: true, ok: true })
    expect(start.test).toBeNull()
    end()
  })

  it('that has ended does not go on, where one event overtook another', async () => {
    const end = start.listen()
    await start.selfTest()
    fake.emit('selftest', { steps: [], done: true, ok: true })
    fake.emit('selftest', { steps: [], done: false, ok: false })
    expect([start.test?.done, start.test?.ok]).toEqual([true, true])
    end()
  })

  it('that cannot begin says why', async () => {
    fake.fail['Start.SelfTest'] = fault('offline', 'It does not answer.', '')
    await start.selfTest()
    expect([start.test, start.error?.code]).toEqual([null, 'offline'])
  })
})
