import { beforeEach, describe, expect, it } from 'vitest'
import { Fake, fault } from '../fake'
import { Tools } from './tools.svelte'

let fake: Fake
let tools: Tools

beforeEach(async () => {
  fake = new Fake({ state: 'active', setUp: false, offer: true })
  tools = new Tools(fake)
  await tools.load()
})

describe('Tools', () => {
  it('shows the difference and writes nothing', async () => {
    await tools.preview()
    expect(tools.plan?.diff).toContain('+   "localhost:8460": "lanyard"')
    expect(fake.calls).not.toContain('Tools.Apply')
    tools.dismiss()
    expect(tools.plan).toBeNull()
    expect(tools.status?.setUp).toBe(false)
  })

  it('shows no difference that comes after it was dismissed', async () => {
    const coming = tools.preview()
    tools.dismiss()
    await coming
    expect([tools.plan, tools.busy]).toEqual([null, ''])
    await tools.preview()
    expect(tools.plan).not.toBeNull()
  })

  it('needs consent to a copy, each time anew', async () => {
    await tools.preview()
    await tools.apply()
    expect(tools.error?.code).toBe('helper_missing')
    expect(tools.plan).not.toBeNull()
    tools.mayCopy = true
    await tools.preview()
    expect(tools.mayCopy).toBe(false)
  })

  it('replaces another credential helper only where that was shown', async () => {
    fake.otherHelper = true
    await tools.preview()
    expect(tools.error?.code).toBe('other_helper')
    expect(tools.plan).toBeNull()
    await tools.preview(true)
    expect(tools.plan?.diff).toContain('-   "localhost:8460": "pass"')
    tools.mayCopy = true
    await tools.apply()
    expect(fake.calls).toContain('Tools.Apply')
    expect(tools.status?.setUp).toBe(true)
  })

  it('applies, and says where', async () => {
    await tools.preview()
    tools.mayCopy = true
    await tools.apply()
    expect(tools.status?.setUp).toBe(true)
    expect(tools.plan).toBeNull()
    expect(tools.setUpIn).toBe('/home/anna/.docker/config.json')
  })

  it('undoes, and says what was put back', async () => {
    await tools.undo()
    expect(tools.undone).toBe('/home/anna/.docker/config.json is as it was before.')
    expect(tools.status?.setUp).toBe(false)
  })

  it('says why it could not undo, and nothing of success', async () => {
    fake.fail['Tools.Undo'] = fault('refused', 'The file is not valid JSON.', 'Put it right.')
    await tools.undo()
    expect(tools.undone).toBe('')
    expect(tools.error?.action).toBe('Put it right.')
  })

  it('is empty for another account', async () => {
    await tools.preview()
    tools.clear()
    expect([tools.status, tools.plan, tools.undone, tools.error]).toEqual([null, null, '', null])
  })
})
