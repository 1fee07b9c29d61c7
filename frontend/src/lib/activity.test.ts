import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { Fake, fault } from '../fake'
import { Activity } from './activity.svelte'
import { actions, asAction, scopeIn } from './acts'

let fake: Fake
let activity: Activity
const ids = () => activity.events?.map((event) => event.id) ?? []

beforeEach(async () => {
  fake = new Fake({ state: 'active' })
  activity = new Activity(fake)
  await activity.load()
})

describe('Activity', () => {
  it('shows older ones behind', async () => {
    const first = ids()
    expect([first.length, activity.more]).toEqual([25, true])
    await activity.older()
    expect(ids().slice(0, 25)).toEqual(first)
    expect(new Set(ids()).size).toBe(50)
    await activity.older()
    expect([ids().length, activity.more]).toEqual([fake.acts.length, false])
  })

  it('keeps what is shown of older days when something new happens', async () => {
    await activity.older()
    const before = ids()
    const [newest] = fake.acts
    if (newest) fake.acts = [{ ...newest, id: 'new' }, ...fake.acts]
    await activity.refresh()
    expect(ids()).toEqual(['new', ...before])
  })

  it('begins anew where more happened than fits one page', async () => {
    await activity.older()
    const [newest] = fake.acts
    if (newest)
      fake.acts = [...Array.from({ length: 30 }, (_, i) => ({ ...newest, id: `n${i}` })), ...fake.acts]
    await activity.refresh()
    expect(ids()).toEqual(Array.from({ length: 25 }, (_, i) => `n${i}`))
    expect(activity.more).toBe(true)
  })

  it('shows one kind', async () => {
    await activity.show('session')
    expect(activity.events?.every((event) => event.action.startsWith('session.'))).toBe(true)
    await activity.show('organization')
    expect([activity.events, activity.more]).toEqual([[], false])
  })

  it('says why it could not look, and keeps what it had', async () => {
    fake.fail['Activity.List'] = fault('offline', 'It does not answer.', '')
    await activity.load()
    expect(activity.error?.code).toBe('offline')
    expect(ids()).toHaveLength(25)
    await activity.show('token')
    expect([activity.events, activity.error?.code]).toEqual([null, 'offline'])
  })

  it('exports, and says nothing where the person thought better of it', async () => {
    await activity.export()
    expect(activity.exported?.count).toBe(fake.acts.length)
    fake.Activity.Export = () => Promise.resolve({ file: '', count: 0 })
    await activity.export()
    expect(activity.exported).toBeNull()
  })
})

describe('actions', () => {
  it('are those of the service: none is without a sentence', () => {
    const go = readFileSync(join(import.meta.dirname, '../../../backend/activity/activity.go'), 'utf8')
    const all = [...go.matchAll(/Action = "([a-z]+\.[a-z]+)"/g)].map((one) => one[1] ?? '')
    expect(all.length).toBeGreaterThan(20)
    expect(all.filter((one) => asAction(one) === null)).toEqual([])
    expect(new Set(actions).size).toBe(actions.length)
  })

  it('of a newer service are known as such', () => expect(asAction('token.blessed')).toBeNull())
  it('have access permissions by name', () =>
    expect(['repo:read', 'repo:admin', 'repo:', 'read'].map(scopeIn)).toEqual(['read', 'admin', null, null]))
})
