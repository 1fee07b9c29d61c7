import type { Backend, Check, SelfTest, SelfTestStep, ServerProbe } from '../lib/contract'
import type { FakeSession } from './session'
import { fault, type World } from './world'

// The first run: what is there, what answers at an address, other ways in.

export function startCalls(world: World, session: FakeSession): Backend['Start'] {
  return {
    Preflight: () => world.answer('Start.Preflight', () => world.preflight),
    Probe: (address) => world.answer('Start.Probe', () => probe(address)),
    HubPassword: (username, password, code) =>
      world.answer('Start.HubPassword', () => {
        if (password === 'wrong')
          throw fault('denied', 'Docker Hub refuses that name and password.', 'Try again.')
        if (username === 'two' && code === '')
          throw fault('second_factor', 'Docker Hub asks for a second factor.', 'Enter the code of your app.')
        session.breakOff(fault('cancelled', '', ''))
        return world.become('active')
      }),
    Paste: ({ host, username, secret, noCheck }) =>
      world.answer('Start.Paste', () => {
        if (secret === 'wrong' && !noCheck)
          throw fault('denied', `${host} refuses that token.`, 'Copy it again, whole, or generate another.')
        world.become('active')
        return {
          account: username,
          host,
          lastFour: secret.slice(-4),
          replaced: false,
          checked: !noCheck,
          tools: '',
        }
      }),
    SelfTest: () =>
      world.answer('Start.SelfTest', () => {
        void selfTest(world)
      }),
  }
}

async function selfTest(world: World) {
  const image = `${world.registry}/${world.account}/lanyard-selftest`
  const lines: [SelfTestStep['id'], string][] = [
    ['push', `docker push ${image}:1`],
    ['pull', `docker pull ${image}:1`],
    ['compare', 'sha256:9f2c… = sha256:9f2c…'],
    ['delete', `lanyard repo delete ${world.account}/lanyard-selftest`],
  ]
  const told: SelfTest = {
    steps: lines.map(([id, line]) => ({ id, state: 'waiting', line, error: '', took: 0 })),
    done: false,
    ok: false,
  }
  const tell = () => world.emit('selftest', structuredClone(told))
  const refused = world.fail['selftest']
  for (const step of told.steps) {
    step.state = 'running'
    tell()
    await world.wait(180)
    step.took = 140
    if (refused && step.id === 'pull') {
      step.state = 'failed'
      step.error = refused.message
      break
    }
    step.state = 'done'
  }
  told.done = true
  told.ok = !refused
  tell()
}

function probe(address: string): ServerProbe {
  const good: ServerProbe = {
    address,
    reachable: true,
    certificate: 'good',
    fingerprint: '',
    kind: 'lanyard',
    version: 'v0.3.0',
    tooOld: false,
    tooNew: false,
    registries: [address.replace(/^https?:\/\//, '')],
    says: '',
    fix: '',
  }
  if (/hub\.docker\.com|docker\.io/.test(address)) return { ...good, kind: 'docker_hub', version: '' }
  if (address.includes('ghcr.io')) return { ...good, kind: 'registry', version: '', registries: ['ghcr.io'] }
  if (address.includes('old')) return { ...good, version: 'v0.1.0', tooOld: true }
  if (address.includes('self'))
    return {
      ...good,
      reachable: false, // nothing was asked of it
      certificate: 'untrusted',
      fingerprint: 'SHA256 7A:41:0C:9E:55:D2:18:F0:3B:66:AF:21:90:4E:D7:5C',
      kind: 'other',
      version: '',
      registries: [],
      says: 'Its certificate is signed by nobody whom this computer trusts.',
      fix: 'Ask who runs it for the fingerprint, then trust it in a terminal: lanyard trust self.example.com',
    }
  if (address.includes('nowhere'))
    return {
      ...good,
      reachable: false,
      certificate: 'none',
      kind: 'other',
      version: '',
      registries: [],
      says: 'The name is not known.',
      fix: 'Check the address and the network.',
    }
  return good
}

export function preflightOf(world: World): Check[] {
  const { setUp, offer, quiet, state } = world.options
  return [
    state === 'keychain_missing'
      ? {
          id: 'keychain',
          state: 'bad',
          says: 'No program of this desktop keeps secrets.',
          fix: 'Install gnome-keyring, KWallet or KeePassXC, or use an encrypted file.',
          action: 'choose_keychain',
        }
      : { id: 'keychain', state: 'good', says: 'Secrets go into GNOME Keyring.', fix: '', action: '' },
    { id: 'browser', state: 'good', says: 'The sign-in opens in your browser.', fix: '', action: '' },
    quiet
      ? {
          id: 'tools',
          state: 'warn',
          says: 'No container tool is on your PATH.',
          fix: 'Install docker, podman or another; it is signed in from its first run on.',
          action: '',
        }
      : {
          id: 'tools',
          state: 'good',
          says: 'Found: docker 28.4.0, podman 5.6.1, skopeo 1.20.0.',
          fix: '',
          action: '',
        },
    offer || setUp === false
      ? {
          id: 'helper',
          state: 'warn',
          says: 'A fresh shell does not find the credential helper yet.',
          fix: 'A copy at /home/anna/.local/bin/docker-credential-lanyard would be found.',
          action: 'copy_helper',
        }
      : {
          id: 'helper',
          state: 'good',
          says: 'A fresh shell finds the credential helper: /usr/bin/docker-credential-lanyard.',
          fix: '',
          action: '',
        },
    {
      id: 'service',
      state: 'good',
      says: "This computer's own service is started when you sign in to it.",
      fix: '',
      action: '',
    },
  ]
}
