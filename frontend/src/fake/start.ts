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
          throw fault(
            'denied',
            'Sign-in not taken by Docker Hub: wrong name, password or code.',
            'Try again, or sign in by your own docker, or with a token that you make there.',
          )
        if (username === 'two' && code === '')
          throw fault(
            'second_factor',
            'The account has a second factor: its code is asked for.',
            'Give the six digits of your authenticator, or a recovery code.',
          )
        session.breakOff(fault('cancelled', '', ''))
        return world.become('active')
      }),
    Paste: ({ host, username, secret, noCheck }) =>
      world.answer('Start.Paste', () => {
        if (secret === 'wrong' && !noCheck)
          throw fault(
            'denied',
            `Nothing was stored: refused by ${host}: unauthorized.`,
            'Check the name and the token. Nothing was stored.',
          )
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
  if (address.includes('ghcr.io'))
    return {
      ...good,
      kind: 'registry',
      version: '',
      registries: ['ghcr.io'],
      says: 'A registry answers there, and no Lanyard server.',
      fix: 'Make a token there, and paste it.',
    }
  if (address.includes('old'))
    return {
      ...good,
      version: 'v0.1.0',
      tooOld: true,
      says: 'The server is of an earlier version and does not know what was asked.',
      fix: 'Ask who runs it to update it. Pulls and pushes are not affected.',
    }
  if (address.includes('self'))
    return {
      ...good,
      reachable: false, // nothing was asked of it
      certificate: 'untrusted',
      fingerprint: 'SHA256 7A:41:0C:9E:55:D2:18:F0:3B:66:AF:21:90:4E:D7:5C',
      kind: 'other',
      version: '',
      registries: [],
      says: 'The certificate of self.example.com is by an authority that this computer does not know: sha256:7a410c9e55d218f03b66af21904ed75c, subject "CN=self.example.com", issuer "CN=self.example.com", valid 2026-01-02 to 2027-01-02.',
      fix: 'Ask whoever runs the server for the fingerprint, another way than through it. If it is the same, trust it in a terminal: lanyard trust self.example.com',
    }
  if (address.includes('nowhere'))
    return {
      ...good,
      reachable: false,
      certificate: 'none',
      kind: 'other',
      version: '',
      registries: [],
      says: `Server not reachable: ${address}: there is no such name.`,
      fix: 'Check the address and the network, and try again.',
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
          says: 'No keychain answers in this session, and without one Lanyard keeps no secrets.',
          fix: "Start one, such as GNOME Keyring or KeePassXC's Secret Service, and try again.",
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
