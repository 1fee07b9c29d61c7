import type {
  AccountView,
  Backend,
  KeychainView,
  NoticeView,
  Preferences,
  Receipt,
  ServiceStatus,
} from '../lib/contract'
import { fault, type World } from './world'

// This computer: its service, keychain, accounts and settings.

// Of a service that does not run nobody knows where, and of which build.
export const running = {
  state: 'running',
  url: 'http://localhost:8460',
  version: 'v0.3.0',
  pid: 4711,
} as const
export const stopped = { state: 'stopped', url: '', version: '', pid: 0, since: '' } as const

export function serviceCalls(world: World): Backend['Service'] {
  const put = (name: string, to: Partial<ServiceStatus>) =>
    world.answer(name, () => (world.service = { ...world.service, ...to }))
  return {
    Status: () => world.answer('Service.Status', () => world.service),
    Start: () => put('Service.Start', { ...running, since: world.ago(0) }),
    Stop: () => put('Service.Stop', stopped),
    Install: () => put('Service.Install', { atLogin: 'yes' }),
    Uninstall: () => put('Service.Uninstall', { atLogin: 'no' }),
    Backup: () =>
      world.answer('Service.Backup', () => {
        world.service = { ...world.service, lastBackup: world.ago(0) }
        return { file: '/home/anna/lanyard-2026-11-30.db' }
      }),
    OpenFolder: () => world.answer('Service.OpenFolder', () => undefined),
  }
}

export function keychainCalls(world: World): Backend['Keychain'] {
  const put = (name: string, to: () => Partial<KeychainView>) =>
    world.answer(name, () => (world.keychain = { ...world.keychain, ...to() }))
  return {
    Look: () => world.answer('Keychain.Look', () => world.keychain),
    Unlock: () => put('Keychain.Unlock', () => ({ state: 'open' })),
    UnlockFile: (passphrase) =>
      put('Keychain.UnlockFile', () => {
        if (passphrase === 'wrong')
          throw fault(
            'refused',
            'The passphrase does not open the encrypted file. Nothing was changed.',
            'Try again.',
          )
        return { state: 'open' }
      }),
    Use: (store) => put('Keychain.Use', () => (store === 'file' ? encrypted : system)),
    Lock: () => put('Keychain.Lock', () => ({ state: 'locked' })),
  }
}

const system: KeychainView = {
  store: 'system',
  name: 'GNOME Keyring',
  why: 'No other is chosen, and the system has this one.',
  state: 'open',
  says: '',
  entries: 4,
  file: '',
  openBy: '',
  systemAvailable: true,
  canLock: false,
}

const encrypted: KeychainView = {
  ...system,
  store: 'file',
  name: 'encrypted file',
  why: 'The settings say so.',
  file: '/home/anna/.local/state/lanyard/secrets.age',
  openBy: 'a passphrase, which was given',
  canLock: true,
}

export function keychainOf(world: World): KeychainView {
  const { state } = world.options
  if (state === 'keychain_locked')
    return { ...system, state: 'locked', says: 'The keychain is locked.', entries: 0 }
  if (state === 'keychain_missing')
    return {
      ...system,
      store: 'none',
      name: '',
      why: 'No other is chosen, and there is no encrypted file.',
      says: 'No keychain answers in this session, and without one Lanyard keeps no secrets.',
      state: 'missing',
      entries: 0,
      systemAvailable: false,
    }
  return system
}

export function accountCalls(world: World): Backend['Accounts'] {
  return {
    List: () => world.answer('Accounts.List', () => world.accounts),
    Switch: (id) =>
      world.answer('Accounts.Switch', () => {
        const to = world.accounts.find((one) => one.id === id)
        if (!to) throw fault('not_found', 'It is not there any more.', 'Look at the list again.')
        world.accounts = world.accounts.map((one) => ({ ...one, active: one.id === id }))
        world.view = { ...world.view, account: to.name, server: to.server, own: to.own }
        return world.view
      }),
    Remove: (id) =>
      world.answer('Accounts.Remove', (): Receipt => {
        world.accounts = world.accounts.filter((one) => one.id !== id)
        return world.receipt
      }),
  }
}

export function accountsOf(world: World): AccountView[] {
  if (world.options.state === undefined || world.options.state === 'signed_out') return []
  const { account, server, registry } = world
  return [
    {
      id: 'one',
      name: account,
      server,
      pasted: false,
      active: true,
      hosts: [registry],
      activeAt: [registry],
      state: 'active',
      ends: world.ago(-89.5),
      own: server.startsWith('http://localhost'),
    },
    {
      id: 'two',
      name: 'anna.larsen',
      server: 'https://registry.example.com',
      pasted: false,
      active: false,
      hosts: ['registry.example.com'],
      activeAt: ['registry.example.com'],
      state: 'expired',
      ends: world.ago(2),
      own: false,
    },
    {
      id: 'three',
      name: 'annal',
      server: 'ghcr.io',
      pasted: true,
      active: false,
      hosts: ['ghcr.io'],
      activeAt: [],
      state: 'active',
      ends: '',
      own: false,
    },
  ]
}

export function settingsCalls(world: World): Backend['Settings'] {
  const report = `Lanyard v0.3.0, go1.26.1, linux/amd64\nSession: ${world.view.state}\nKeychain: GNOME Keyring, open, 4 entries\nTools: docker 28.4.0, podman 5.6.1\n`
  return {
    Get: () => world.answer('Settings.Get', () => world.preferences),
    Set: (p) => world.answer('Settings.Set', () => (world.preferences = p)),
    Notices: () => world.answer('Settings.Notices', () => world.notices),
    Dismiss: (id) =>
      world.answer('Settings.Dismiss', () => {
        world.notices = world.notices.filter((one) => one.id !== id)
        world.emit('notices', structuredClone(world.notices))
      }),
    Report: () => world.answer('Settings.Report', () => ({ text: report })),
    SaveReport: () => world.answer('Settings.SaveReport', () => ({ file: '/home/anna/lanyard-report.txt' })),
    Reset: () =>
      world.answer('Settings.Reset', () => {
        world.accounts = []
        world.become('signed_out')
        return [world.receipt]
      }),
    About: () =>
      world.answer('Settings.About', () => ({
        version: 'v0.3.0',
        go: 'go1.26.1',
        wails: 'v2.11.0',
        webview: 'WebKitGTK 2.50.1',
        licence: 'Apache-2.0',
        config: '/home/anna/.config/lanyard',
        state: '/home/anna/.local/state/lanyard',
        data: '/home/anna/.local/share/lanyard',
      })),
  }
}

export function preferencesOf(world: World): Preferences {
  return {
    theme: 'system',
    language: 'en',
    zoom: 100,
    zoomAvailable: true,
    startAtLogin: false,
    startAtLoginAvailable: true,
    notify: { session: true, replaced: true, tokens: true },
    logLevel: 'info',
    ...world.options.preferences,
  }
}

export function noticesOf(world: World): NoticeView[] {
  if (world.options.quiet || !world.options.state || world.options.state === 'signed_out') return []
  return [
    {
      id: 'n1',
      kind: 'token_expires',
      at: world.ago(0.1),
      args: { mark: '7d', description: 'ci-read', lastFour: 'a81F', id: 'ci' },
      place: 'tokens',
    },
    {
      id: 'n2',
      kind: 'token_replaced',
      at: world.ago(2),
      args: { account: world.account, by: 'build-vm' },
      place: 'home',
    },
  ]
}

export function serviceOf(world: World): ServiceStatus {
  return {
    ...running,
    data: '/home/anna/.local/share/lanyard/service',
    needsSetup: world.options.needsSetup ?? false,
    since: world.ago(3),
    storage: '/home/anna/.local/share/lanyard/service/images',
    atLogin: 'no',
    size: 734_003_200,
    lastBackup: '',
  }
}
