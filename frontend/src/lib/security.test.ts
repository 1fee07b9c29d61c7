import { beforeEach, describe, expect, it } from 'vitest'
import { Fake, fault } from '../fake'
import { Security } from './security.svelte'

let fake: Fake
let security: Security
const ids = () => security.view?.sessions.map((one) => one.id)

beforeEach(async () => {
  fake = new Fake({ state: 'active' })
  security = new Security(fake)
  await security.load()
})

describe('Security', () => {
  it('ends one session', async () => {
    expect(await security.end('s2')).toBe(true)
    expect(ids()).toEqual(['s1', 's3'])
    expect(security.ended).toBe(1)
  })

  it('ends one also while it is being looked, after the look', async () => {
    const looking = security.load()
    expect(security.busy).toBe('load')
    expect(await security.end('s2')).toBe(true)
    expect(ids()).toEqual(['s1', 's3'])
    await looking
  })

  it('ends all others, and says how many', async () => {
    expect(await security.endOthers()).toBe(true)
    expect(ids()).toEqual(['s1'])
    expect(security.ended).toBe(2)
  })

  it('changes nothing where it is refused', async () => {
    fake.fail['Security.End'] = fault('not_found', 'There is no such session.', '')
    expect(await security.end('s2')).toBe(false)
    expect(ids()).toHaveLength(3)
    expect([security.ended, security.error?.code]).toEqual([null, 'not_found'])
  })
})
