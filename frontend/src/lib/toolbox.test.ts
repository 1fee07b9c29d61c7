import { beforeEach, describe, expect, it } from 'vitest'
import { Fake, fault } from '../fake'
import { Doctor, Toolbox, Why } from './toolbox.svelte'

let fake: Fake
let box: Toolbox

beforeEach(async () => {
  fake = new Fake({ state: 'active' })
  box = new Toolbox(fake)
  await box.load()
})

const state = (name: string) => box.view?.find((tool) => tool.name === name)?.state

describe('Toolbox', () => {
  it('tells what is here from what is not', () => {
    expect(box.found.map((tool) => tool.name)).toContain('podman')
    expect(box.absent).toEqual(['buildah', 'regctl', 'oras'])
  })

  it('shows the difference for a tool, and writes nothing', async () => {
    await box.preview('podman')
    expect(box.plan?.plan.diff).toContain('/home/anna/.config/containers/auth.json')
    expect(fake.calls).not.toContain('Tools.SetUpTool')
    box.dismiss()
    expect([box.plan, state('podman')]).toEqual([null, 'other_helper'])
  })

  it('sets up what was shown', async () => {
    await box.preview('podman')
    await box.apply()
    expect([box.plan, state('podman')]).toEqual([null, 'set_up'])
  })

  it('keeps the difference where it could not be written', async () => {
    await box.preview('podman')
    fake.fail['Tools.SetUpTool'] = fault('refused', 'Not valid JSON.', 'Put it right.')
    await box.apply()
    expect([box.plan?.tool, box.error?.code, state('podman')]).toEqual(['podman', 'refused', 'other_helper'])
  })

  it('sets up nothing that was not shown', async () => {
    await box.apply()
    expect(fake.calls).not.toContain('Tools.SetUpTool')
  })

  it('undoes, and says what was put back', async () => {
    await box.undo('docker')
    expect(box.undone).toContain('is as it was before')
    await expect.poll(() => state('docker')).toBe('not_set_up')
  })
})

describe('Doctor', () => {
  it('finds, and fixes', async () => {
    const doctor = new Doctor(fake)
    await doctor.load()
    expect(doctor.view).toHaveLength(3)
    await doctor.fix('stale-auths')
    expect([doctor.view?.length, doctor.outcome, doctor.fixing]).toEqual([2, 'fixed', ''])
  })

  it('says what a fix did, also while what it changed is looked at anew', async () => {
    const doctor = new Doctor(fake)
    await doctor.load()
    const fix = fake.Tools.Fix
    fake.Tools.Fix = async (id) => {
      const left = await fix.call(fake.Tools, id)
      void doctor.refresh() // as the change of a file has it
      return left
    }
    await doctor.fix('stale-auths')
    expect(doctor.outcome).toBe('fixed')
  })

  it('says where a fix did not help', async () => {
    const doctor = new Doctor(fake)
    const all = fake.findings
    fake.Tools.Fix = async () => all
    await doctor.fix('stale-auths')
    expect(doctor.outcome).toBe('not_fixed')
  })

  it('claims nothing where fixing failed', async () => {
    const doctor = new Doctor(fake)
    fake.fail['Tools.Fix'] = fault('failed', 'No.', '')
    await doctor.fix('stale-auths')
    expect([doctor.outcome, doctor.fixing, doctor.error?.code]).toEqual(['', '', 'failed'])
  })
})

describe('Why', () => {
  it('explains', async () => {
    const why = new Why(fake)
    why.image = ' localhost:8460/team/app:1 '
    await why.ask()
    expect(why.view?.image).toBe('localhost:8460/team/app:1')
    expect(why.view?.steps.some((step) => step.good === false)).toBe(true)
  })

  it('shows no older explanation beside an error', async () => {
    const why = new Why(fake)
    why.image = 'a/b'
    await why.ask()
    fake.fail['Tools.Why'] = fault('refused', 'No image.', '')
    await why.ask()
    expect([why.view, why.error?.code]).toEqual([null, 'refused'])
  })
})
