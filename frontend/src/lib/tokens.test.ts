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

  it('edits a description, and access permissions where others are wanted', async () => {
    const ci = () => tokens.list.find((one) => one.id === 'ci')
    expect(await tokens.edit('ci', 'nightly', '')).toBe(true)
    expect(ci()).toMatchObject({ description: 'nightly', scopes: ['repo:read'] })
    expect(await tokens.edit('ci', 'nightly', 'write')).toBe(true)
    expect(ci()?.scopes).toEqual(['repo:write'])
  })

  it('rotates: the new secret is fresh, and the one before goes on', async () => {
    expect(await tokens.rotate('ci', 24)).toBe(true)
    expect(tokens.fresh?.secret).toMatch(/^lyd_pat_/)
    expect(tokens.list.find((one) => one.id === 'ci')?.previous?.lastFour).toBe('a81F')
  })

  it('pins, and says why no more can be', async () => {
    for (const id of ['this', 'other', 'ci', 'deploy']) expect(await tokens.pin(id, true)).toBe(true)
    expect(await tokens.pin('old', true)).toBe(false)
    expect(tokens.error?.message).toContain('At most four')
  })

  it('changes several, all or none', async () => {
    expect(await tokens.setActive(['ci', 'other'], false)).toBe(true)
    expect([tokens.active, tokens.deactivated]).toEqual([1, 3])
    expect(await tokens.delete(['ci', 'gone'])).toBe(false)
    expect(tokens.list.some((one) => one.id === 'ci')).toBe(true)
  })

  it('counts a secret that was saved to a file as copied, and one that was not as not', async () => {
    await tokens.create(wanted)
    fake.Tokens.SaveSecret = () => Promise.resolve({ file: '' })
    await tokens.saveSecret()
    expect([tokens.copied, tokens.file]).toEqual([false, ''])
    fake.Tokens.SaveSecret = () => Promise.resolve({ file: '/home/anna/token.txt' })
    await tokens.saveSecret()
    expect([tokens.copied, tokens.file]).toEqual([true, '/home/anna/token.txt'])
  })

  it('follows the clipboard: how long, and what became of it', async () => {
    const end = tokens.listen()
    await tokens.create(wanted)
    await tokens.copySecret()
    expect(tokens.clip.until).not.toBe('')
    await tokens.clip.clear()
    expect([tokens.clip.until, tokens.clip.ended]).toEqual(['', 'cleared'])
    await tokens.copySecret()
    expect(tokens.clip.ended).toBe('')
    fake.emit('clipboard', { cleared: false })
    expect(tokens.clip.ended).toBe('other')
    end()
  })

  it('loads anew without losing the selection, the open token or a new secret', async () => {
    await tokens.create(wanted)
    tokens.table.choose('ci', true)
    tokens.table.choose('deploy', true)
    await tokens.details.open('ci')
    fake.tokens = fake.tokens.filter((one) => one.id !== 'deploy')
    await tokens.refresh()
    expect([...tokens.table.selected]).toEqual(['ci'])
    expect(tokens.details.id).toBe('ci')
    expect(tokens.fresh).not.toBeNull()
  })

  it('shows the token that was opened last, also where an earlier answer comes late', async () => {
    const show = fake.Tokens.Show
    let late: () => void = () => undefined
    fake.Tokens.Show = (id) =>
      id === 'ci' ? new Promise((resolve) => (late = () => resolve(show(id)))) : show(id)
    const first = tokens.details.open('ci')
    await tokens.details.open('old')
    late()
    await first
    expect(tokens.details.view?.token.id).toBe('old')
  })

  it('closes the side pane over a token that is deleted', async () => {
    await tokens.details.open('ci')
    await tokens.delete('ci')
    expect([tokens.details.id, tokens.details.view]).toEqual(['', null])
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
