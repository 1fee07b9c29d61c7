import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Fake, fault } from '../fake'
import { Words } from '../words/words.svelte'
import type { Changed } from './contract'
import { Desk } from './desk.svelte'
import { Nav } from './nav.svelte'
import { Preferences } from './preferences.svelte'
import { Report } from './report.svelte'
import { Service } from './service.svelte'

let fake: Fake
let desk: Desk
let close: () => void

beforeEach(async () => {
  fake = new Fake({ state: 'active' })
  desk = new Desk(fake)
  close = desk.open()
  await expect.poll(() => desk.notices.view).not.toBeNull()
  await expect.poll(() => desk.accounts.view).not.toBeNull()
})

afterEach(() => close())

describe('what changes elsewhere', () => {
  it.each<[Changed, string, () => Promise<void>]>([
    ['tokens', 'Tokens.List', () => desk.tokens.load()],
    ['sessions', 'Security.Look', () => desk.security.load()],
    ['sessions', 'Session.Current', () => desk.session.load()],
    ['tools', 'Tools.Doctor', () => desk.doctor.load()],
    ['uses', 'Home.Look', () => desk.home.load()],
    ['service', 'Service.Status', () => desk.service.load()],
    ['accounts', 'Accounts.List', () => desk.accounts.load()],
    ['keychain', 'Keychain.Look', () => desk.keychain.load()],
    ['settings', 'Settings.Get', () => desk.preferences.load()],
  ])('%s: %s is asked again where it is known', async (what, call, load) => {
    await load()
    fake.calls = []
    fake.emit('changed', { what: [what] })
    expect(fake.calls).toContain(call)
  })

  it('is not asked for by who never looked', () => {
    fake.calls = []
    fake.emit('changed', { what: ['keychain', 'service', 'uses'] })
    expect(fake.calls).toEqual([])
  })

  it('is heard no more once the window is closed', () => {
    close()
    fake.calls = []
    fake.emit('changed', { what: ['accounts'] })
    expect(fake.calls).toEqual([])
  })
})

describe('notices', () => {
  it('come by event, and go when they are dismissed', async () => {
    expect(desk.notices.list).toHaveLength(2)
    await desk.notices.dismiss('n1')
    expect(desk.notices.list.map((one) => one.id)).toEqual(['n2'])
    fake.emit('notices', [])
    expect(desk.notices.list).toEqual([])
  })

  it('stay where dismissing failed', async () => {
    fake.fail['Settings.Dismiss'] = fault('failed', 'No.', '')
    await desk.notices.dismiss('n1')
    expect(desk.notices.list).toHaveLength(2)
  })

  it('on the desktop lead to their place', () => {
    fake.emit('notice_opened', { id: 'n1', place: 'tokens' })
    expect(desk.nav.at).toBe('tokens')
  })
})

describe('accounts', () => {
  it('are switched, and the session with them', async () => {
    await desk.accounts.switch('three')
    expect([desk.session.view?.account, desk.accounts.others.length]).toEqual(['annal', 2])
    expect(desk.accounts.list.find((one) => one.active)?.id).toBe('three')
  })

  it('stay as they are where switching failed', async () => {
    fake.fail['Accounts.Switch'] = fault('keychain_locked', 'Locked.', '')
    await desk.accounts.switch('three')
    expect([desk.session.view?.account, desk.accounts.error?.code]).toEqual(['anna', 'keychain_locked'])
  })

  it('are removed', async () => {
    const one = desk.accounts.list[2]
    if (one) await desk.accounts.remove(one)
    expect([desk.accounts.removed, desk.accounts.list.length]).toEqual(['annal', 2])
  })
})

describe('the keychain', () => {
  it('moves into a file, is locked and opened', async () => {
    await desk.keychain.load()
    expect(await desk.keychain.use('file', 'correct horse')).toBe(true)
    expect(desk.keychain.view?.canLock).toBe(true)
    await desk.keychain.lock()
    expect(desk.keychain.view?.state).toBe('locked')
    expect(await desk.keychain.unlockFile('wrong')).toBe(false)
    expect([desk.keychain.view?.state, desk.keychain.error?.code]).toEqual(['locked', 'refused'])
    expect(await desk.keychain.unlockFile('correct horse')).toBe(true)
    expect(desk.keychain.view?.state).toBe('open')
  })
})

describe('preferences', () => {
  it('are worn by the page', async () => {
    const words = new Words()
    const preferences = new Preferences(fake, words)
    const root = document.createElement('html')
    await preferences.load()
    await preferences.set({ theme: 'dark', language: 'de' })
    preferences.wear(root)
    expect([root.dataset.theme, root.lang, words.language]).toEqual(['dark', 'de', 'de'])
    await preferences.set({ theme: 'system', language: 'en' })
    preferences.wear(root)
    expect([root.dataset.theme, root.lang]).toEqual([undefined, 'en'])
  })

  it('zoom step by step, however quickly the keys are pressed, and back', async () => {
    await desk.preferences.load()
    const zoomed = () => desk.preferences.view?.zoom
    for (let i = 0; i < 3; i++) desk.preferences.zoom('larger')
    await desk.preferences.set({})
    expect(zoomed()).toBe(150)
    desk.preferences.zoom('smaller')
    await desk.preferences.set({})
    expect(zoomed()).toBe(125)
    desk.preferences.zoom('plain')
    await desk.preferences.set({})
    expect(zoomed()).toBe(100)
  })

  it('do not zoom where the window cannot', async () => {
    fake = new Fake({ preferences: { zoomAvailable: false } })
    const preferences = new Preferences(fake, new Words())
    await preferences.load()
    preferences.zoom('larger')
    await preferences.set({})
    expect(preferences.view?.zoom).toBe(100)
  })

  it('stay as they were where they could not be written', async () => {
    await desk.preferences.load()
    fake.fail['Settings.Set'] = fault('failed', 'Read-only.', '')
    await desk.preferences.set({ theme: 'dark' })
    expect([desk.preferences.view?.theme, desk.preferences.error?.code]).toEqual(['system', 'failed'])
  })
})

describe('Service', () => {
  it('says where the backup is, or nothing where it was dismissed', async () => {
    const service = new Service(fake)
    await service.load()
    await service.backup()
    expect(service.saved).toBe('/home/anna/lanyard-2026-11-30.db')
    expect(service.status?.lastBackup).not.toBe('')
    fake.Service.Backup = async () => ({ file: '' })
    await service.backup()
    expect(service.saved).toBe('')
  })

  it('starts at login, or not', async () => {
    const service = new Service(fake)
    await service.atLogin(true)
    expect(service.status?.atLogin).toBe('yes')
    await service.atLogin(false)
    expect(service.status?.atLogin).toBe('no')
  })
})

describe('Report', () => {
  it('is made, saved, and gone after a reset', async () => {
    const report = new Report(fake, desk.session)
    await report.make()
    expect(report.text).toContain('Lanyard v0.3.0')
    await report.save()
    expect(report.saved).toContain('lanyard-report.txt')
    expect(await report.resetAll()).toBe(true)
    expect([report.text, report.reset, desk.session.view?.state]).toEqual(['', 1, 'signed_out'])
  })

  it('changes nothing where the reset failed', async () => {
    const report = new Report(fake, desk.session)
    fake.fail['Settings.Reset'] = fault('busy', 'At work.', '')
    expect(await report.resetAll()).toBe(false)
    expect([report.reset, desk.session.view?.state]).toEqual([null, 'active'])
  })
})

describe('Nav', () => {
  it('leads to Home from what needs an account, and back once there is one', () => {
    let signedIn = true
    const nav = new Nav(() => signedIn)
    nav.go('security')
    expect(nav.at).toBe('security')
    signedIn = false
    expect(new Nav(() => signedIn).at).toBe('home')
    nav.section('settings')
    expect(nav.at).toBe('general')
  })

  it('takes an image to where it is explained', () => {
    desk.nav.explain('localhost:8460/team/app')
    expect([desk.nav.at, desk.nav.image]).toEqual(['tools', 'localhost:8460/team/app'])
  })
})
