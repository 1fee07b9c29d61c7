import { describe, expect, it } from 'vitest'
import { at, characters, dayOf, endOfDay, host, inDays, plain, soon } from './format'

const now = new Date('2026-11-23T09:00:00Z')
const after = (ms: number) => new Date(now.getTime() + ms).toISOString()
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

describe('dates', () => {
  it('reads what Go writes', () =>
    expect(at('2026-11-23T09:00:00.123456Z')?.getTime()).toBe(now.getTime() + 123))
  it.each(['', 'yesterday', '0001-01-01T00:00:00Z'])('takes %j for none', (time) =>
    expect(at(time)).toBeNull(),
  )
  it('adds days', () => expect(inDays(30, now)).toBe('2026-12-23T09:00:00.000Z'))
  it('knows what is soon', () => {
    expect(soon(after(6 * day), now, 7)).toBe(true)
    expect(soon(after(8 * day), now, 7)).toBe(false)
    expect(soon('', now, 7)).toBe(false)
  })
})

describe('endOfDay', () => {
  it('is the last second of that day here', () =>
    expect(endOfDay(' 2027-01-31 ')).toBe(new Date(2027, 0, 31, 23, 59, 59).toISOString()))
  it('is of the day that dayOf wrote', () => {
    const end = new Date(endOfDay(dayOf(now)) ?? '')
    expect(dayOf(end)).toBe(dayOf(now))
  })
  it.each(['', '31.1.2027', '2027-02-30', '2027-13-01', '2027-1', '2027-01-31T10:00'])(
    '%j is no day',
    (text) => expect(endOfDay(text)).toBeNull(),
  )
})

describe('names', () => {
  it('counts by code point, as the service does', () => {
    expect(characters('👩🏽‍💻')).toBe(4)
    expect(characters('x'.repeat(100))).toBe(100)
  })
  it('takes the host out of an address', () => expect(host('https://r.example:8443/')).toBe('r.example:8443'))
  it('calls Docker Hub by its name', () => expect(host('https://hub.docker.com')).toBe('Docker Hub'))
  it('leaves an ordinary name as it is', () => expect(plain('ci, nightly <b>')).toBe('ci, nightly <b>'))
  it('makes one line of several', () => expect(plain('a\r\nb\u2028c\td')).toBe('a b c d'))
  it.each(['\u202Etxt.exe', 'מפתח', '\u200Fx', '\u2067y'])('isolates %j', (name) =>
    expect(plain(name)).toBe(`\u2068${name}\u2069`),
  )
})
