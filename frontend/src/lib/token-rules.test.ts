import { describe, expect, it } from 'vitest'
import { blank } from '../fake/token-list'
import { deeds, descriptionFault, endFault, endOf, expiryOf, patternFault, patternsIn } from './token-rules'

const now = new Date('2026-11-30T12:00:00')

describe('a description', () => {
  it.each([
    ['', 'none'],
    ['  \n ', 'none'],
    ['a', ''],
    ['😀'.repeat(100), ''],
    ['😀'.repeat(101), 'long'],
    [`  ${'x'.repeat(100)}  `, ''],
  ])('%j', (text, fault) => expect(descriptionFault(text)).toBe(fault))
})

describe('an end of its own', () => {
  it.each([
    ['', 24, 'wrong'],
    ['tomorrow', 24, 'wrong'],
    ['2026-02-30', 24, 'wrong'],
    ['2026-11-29', 24, 'over'],
    ['2026-11-30', 11, 'over'],
    ['2026-11-30', 12, 'over'],
    ['2026-11-30', 13, ''],
    ['2026-11-30', 24, ''],
    ['2027-11-30', 12, ''],
    ['2027-11-30', 13, 'far'],
    ['2099-01-31', 24, 'far'],
  ])('%s at %i', (day, hour, fault) => expect(endFault(day, hour, now)).toBe(fault))

  it('is the hour of that day, or its last second', () => {
    expect(endOf('2027-01-31', 9)).toBe(new Date(2027, 0, 31, 9).toISOString())
    expect(endOf('2027-01-31', 24)).toBe(new Date(2027, 0, 31, 23, 59, 59).toISOString())
  })
})

describe('names and patterns of repositories', () => {
  it.each([
    ['team/app', null],
    ['team/*', null],
    ['team/app-*/web', null],
    ['a.b_c-d/e', null],
    ['team/app\nteam/*, other/x', null],
    ['', 'none'],
    ['Team/app', 'form'],
    ['team//app', 'form'],
    ['/team', 'form'],
    ['team/', 'form'],
    ['team/**', 'form'],
    ['team/app:latest', 'form'],
    ['<b>/x', 'form'],
    ['team/\u202Eppa', 'form'],
    ['x'.repeat(256), 'form'],
    ['team/app team/app', 'twice'],
    [Array.from({ length: 51 }, (_, i) => `team/a${i}`).join(' '), 'many'],
  ])('%j', (text, fault) => expect(patternFault(patternsIn(text))?.fault ?? null).toBe(fault))

  it('says which one is wrong', () => {
    expect(patternFault(['team/app', 'No'])).toEqual({ fault: 'form', pattern: 'No' })
  })
})

describe('what can be done with a token', () => {
  it.each([
    [{}, ['edit', 'deactivate', 'rotate', 'delete']],
    [{ status: 'inactive' as const }, ['edit', 'activate', 'delete']],
    [{ status: 'expired' as const }, ['delete']],
    [{ source: 'auto' as const }, ['edit', 'deactivate', 'pin', 'delete']],
    [{ source: 'auto' as const, pinned: true }, ['edit', 'deactivate', 'unpin', 'delete']],
  ])('%j', (token, can) => expect(deeds({ ...blank, ...token })).toEqual(can))
})

describe('an expiry', () => {
  const on = (expires: string) => ({ ...blank, expires })
  it.each([
    ['', 'never'],
    ['2026-11-30T11:59:59', 'over'],
    ['2026-12-07T11:59:59', 'soon'],
    ['2026-12-07T12:00:00', 'later'],
  ])('%s', (expires, is) => expect(expiryOf(on(expires), now)).toBe(is))
})
