import { beforeEach, describe, expect, it } from 'vitest'
import type { NewToken, TokenList } from './backend'
import { Fake, fault } from '../fake'
import { Tokens } from './tokens.svelte'

let fake: Fake
let tokens: Tokens

beforeEach(async () => {
  fake = new Fake({ state: 'active' })
  tokens = new Tokens(fake)
  await tokens.load()
  fake.calls = []
})

const wanted = { description: 'nightly', scope: 'write', expires: '', repositories: [] } satisfies NewToken

describe('Tokens', () => {
  it('has the list and its counts', () => {
    expect(tokens.list).toHaveLength(5)
    expect([tokens.active, tokens.deactivated, tokens.loaded]).toEqual([3, 1, true])
  })

  it('keeps the list when it cannot be had again', async () => {
    fake.fail['Tokens.List'] = fault('offline', 'It does not answer.', '')
    await tokens.load()
    expect(tokens.list).toHaveLength(5)
    expect(tokens.error?.code).toBe('offline')
  })

  it('has a new secret until it is forgotten', async () => {
    expect(await tokens.create(wanted)).toBe(true)
    expect(tokens.fresh?.secret).toMatch(/^lyd_pat_/)
    expect(tokens.list[0]?.description).toBe('nightly')
    expect(JSON.stringify(tokens.list)).not.toContain(tokens.fresh?.secret)
    expect(tokens.copied).toBe(false)
    await tokens.copySecret()
    expect(tokens.copied).toBe(true)
    expect(fake.copied).toEqual([tokens.fresh?.secret])
    tokens.forget()
    expect(tokens.fresh).toBeNull()
    expect(tokens.copied).toBe(false)
  })

  it('is told when the window would close over a new secret', async () => {
    let asked = 0
    const end = tokens.onClosing(() => asked++)
    tokens.holds(true)
    expect(fake.holds).toBe(true)
    fake.emit('closing', null)
    expect([asked, fake.holds]).toEqual([1, true])
    end()
    fake.emit('closing', null)
    expect(asked).toBe(1)
  })

  it('copies nothing once it is forgotten', async () => {
    await tokens.copySecret()
    expect(fake.copied).toEqual([])
  })

  it('does not count as copied what was not', async () => {
    await tokens.create(wanted)
    fake.fail['Window.CopySecret'] = fault('failed', 'No clipboard.', '')
    await expect(tokens.copySecret()).rejects.toEqual(fake.fail['Window.CopySecret'])
    expect(tokens.copied).toBe(false)
  })

  it('shows the secret even if the list then fails', async () => {
    fake.fail['Tokens.List'] = fault('offline', 'It does not answer.', '')
    expect(await tokens.create(wanted)).toBe(true)
    expect(tokens.fresh).not.toBeNull()
  })

  it('makes nothing where it is refused', async () => {
    fake.fail['Tokens.Create'] = fault('refused', 'You have 1,000 tokens.', 'Delete some.')
    expect(await tokens.create(wanted)).toBe(false)
    expect(tokens.fresh).toBeNull()
    expect(tokens.error?.action).toBe('Delete some.')
  })

  it('renames', async () => {
    expect(await tokens.rename('ci', 'nightly')).toBe(true)
    expect(tokens.list.find((one) => one.id === 'ci')?.description).toBe('nightly')
  })

  it('deactivates and activates', async () => {
    await tokens.setActive('ci', false)
    expect([tokens.active, tokens.deactivated]).toEqual([2, 2])
    await tokens.setActive('ci', true)
    expect([tokens.active, tokens.deactivated]).toEqual([3, 1])
  })

  it('deletes', async () => {
    expect(await tokens.delete('ci')).toBe(true)
    expect(tokens.list.some((one) => one.id === 'ci')).toBe(false)
    expect(await tokens.delete('ci')).toBe(false)
    expect(tokens.error?.code).toBe('not_found')
  })

  it('does one thing at a time', async () => {
    await Promise.all([tokens.delete('ci'), tokens.delete('ci')])
    expect(fake.calls).toEqual(['Tokens.Delete', 'Tokens.List'])
  })

  it('is empty for another account, also where an older answer comes late', async () => {
    await tokens.create(wanted)
    let answer: (list: TokenList) => void = () => undefined
    fake.Tokens.List = () => new Promise((resolve) => (answer = resolve))
    const loading = tokens.load()
    tokens.clear()
    answer({ tokens: fake.tokens, active: 3, deactivated: 1 })
    await loading
    expect(tokens.list).toEqual([])
    expect([tokens.active, tokens.loaded, tokens.fresh]).toEqual([0, false, null])
  })
})
