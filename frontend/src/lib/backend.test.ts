import { describe, expect, it, vi } from 'vitest'
import { asError, wails } from './backend'

describe('asError', () => {
  const error = { code: 'offline', message: 'It does not answer.', action: 'Start it.' }

  it('takes what Go sent as it is', () => expect(asError(error)).toEqual(error))
  it('reads it from the text of an Error, which Wails makes of it', () =>
    expect(asError(new Error(JSON.stringify(error)))).toEqual(error))
  it('reads it from bare text', () => expect(asError(JSON.stringify(error))).toEqual(error))
  it.each([
    ['an error of the page', new Error('x is undefined'), 'x is undefined'],
    ['text', 'no such method', 'no such method'],
    ['nothing', undefined, 'undefined'],
    ['a number in JSON', new Error('42'), '42'],
    ['null in JSON', 'null', 'null'],
  ])('makes words of %s', (_, reason, message) =>
    expect(asError(reason)).toEqual({ code: 'failed', message, action: '' }),
  )
})

describe('wails', () => {
  it('asks the bound methods, and hears the events', async () => {
    const Current = vi.fn().mockResolvedValue({ state: 'active' })
    const off = vi.fn()
    const EventsOnMultiple = vi.fn().mockReturnValue(off)
    Object.assign(window, { go: { app: { Session: { Current } } }, runtime: { EventsOnMultiple } })
    const backend = wails()
    expect(await backend.Session.Current()).toEqual({ state: 'active' })
    const heard = vi.fn()
    const end = backend.on('session', heard)
    EventsOnMultiple.mock.calls[0]?.[1]({ state: 'ended' })
    expect(EventsOnMultiple.mock.calls[0]?.[0]).toBe('session')
    expect(heard).toHaveBeenCalledWith({ state: 'ended' })
    end()
    expect(off).toHaveBeenCalled()
  })
})
