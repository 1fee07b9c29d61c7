import { beforeEach, describe, expect, it } from 'vitest'
import { Fake } from '../fake'
import type { Token } from './contract'
import { ordered, TokenTable } from './token-table.svelte'

const now = new Date('2026-11-30T12:00:00Z')
let all: Token[]
let table: TokenTable
const ids = () => table.shown.map((token) => token.id)

beforeEach(() => {
  all = new Fake({ state: 'active', now: () => now }).tokens
  table = new TokenTable(
    () => all,
    () => now,
  )
})

describe('TokenTable', () => {
  it('shows all, the newest first', () => {
    expect(ids()).toEqual(['this', 'deploy', 'other', 'old', 'ci'])
    expect(table.filtered).toBe(false)
  })

  it.each([
    ['shop STAGING', ['deploy']],
    ['build-vm', ['other']],
    ['a81f', ['ci']],
    ['team/*', ['ci']],
    ['203.0.113.9', ['ci']],
    ['skopeo', ['ci']],
    ['(.*', []],
    ['   ', ['this', 'deploy', 'other', 'old', 'ci']],
  ])('finds by %s', (text, found) => {
    table.text = text
    expect(ids()).toEqual(found)
  })

  it('filters by source, status and expiry, and all together', () => {
    table.source = 'auto'
    expect(ids()).toEqual(['this', 'other'])
    table.source = 'manual'
    table.status = 'active'
    expect(ids()).toEqual(['ci'])
    table.status = ''
    table.expiry = 'soon'
    expect(ids()).toEqual(['ci'])
    table.expiry = 'over'
    expect(ids()).toEqual(['old'])
    table.expiry = 'later'
    expect(ids()).toEqual(['deploy'])
    table.clearFilters()
    table.expiry = 'never'
    expect(ids()).toEqual(['this', 'other'])
    table.clearFilters()
    expect(table.filtered).toBe(false)
  })

  it('sorts by every column, and turns round', () => {
    table.sortBy('description')
    expect(ids()).toEqual(['ci', 'deploy', 'this', 'other', 'old'])
    table.sortBy('description')
    expect(ids()).toEqual(['old', 'other', 'this', 'deploy', 'ci'])
    table.sortBy('used')
    expect(ids()[0]).toBe('this')
    table.sortBy('status')
    expect(ids().slice(-2)).toEqual(['deploy', 'old'])
    table.sortBy('source')
    expect(ids().slice(0, 2)).toEqual(['this', 'other'])
  })

  it('puts what has no such time last, whichever way round', () => {
    for (const up of [true, false])
      expect(
        ordered(all, { by: 'expires', up })
          .slice(-2)
          .every((token) => token.expires === ''),
      ).toBe(true)
  })

  it('acts on selected rows that are in sight, and on no other', () => {
    table.chooseAll(true)
    expect([table.allChosen, table.chosen.length]).toEqual([true, 5])
    table.text = 'ci-read'
    expect(table.chosen.map((token) => token.id)).toEqual(['ci'])
    table.clearFilters()
    table.chooseAll(false)
    expect(table.chosen).toEqual([])
  })

  it('forgets the selection of what is gone', () => {
    table.choose('ci', true)
    table.choose('old', true)
    all = all.filter((token) => token.id !== 'old')
    table.keep(all)
    expect([...table.selected]).toEqual(['ci'])
  })
})
