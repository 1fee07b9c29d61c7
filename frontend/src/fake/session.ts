import type { AppError, Backend, Prompt, Receipt, SessionState, SessionView } from '../lib/contract'
import { fault, type World } from './world'

// Who is signed in, and a sign-in that waits for the person.

export class FakeSession {
  readonly calls: Backend['Session']
  #world: World
  #waiting: { resolve: (view: SessionView) => void; reject: (reason: AppError) => void } | null = null

  constructor(world: World) {
    this.#world = world
    this.calls = {
      Current: () => world.answer('Session.Current', () => world.view),
      SignIn: (server, device) => {
        world.calls.push(`Session.SignIn ${JSON.stringify(server)} ${device}`)
        const refused = world.fail['Session.SignIn'] ?? addressError(server)
        if (refused) return Promise.reject(refused)
        if (this.#waiting)
          return Promise.reject(
            fault(
              'busy',
              'Another sign-in, or another Lanyard program, is at work.',
              'Finish or cancel it and try again.',
            ),
          )
        return new Promise((resolve, reject) => {
          this.#waiting = { resolve, reject }
          queueMicrotask(() => world.emit('signin', this.promptOf(device, server === '')))
        })
      },
      Cancel: () =>
        world.answer('Session.Cancel', () =>
          this.breakOff(fault('cancelled', 'It was cancelled. Nothing was changed.', '')),
        ),
      OpenAgain: () => world.answer('Session.OpenAgain', () => undefined),
      Retake: () => world.answer('Session.Retake', () => world.become('active')),
      SignOut: () =>
        world.answer('Session.SignOut', () => {
          world.become('signed_out')
          return world.receipt
        }),
    }
  }

  // finish is the person done in the browser.
  finish() {
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.resolve(this.#world.become('active'))
  }

  // breakOff is the sign-in failing.
  breakOff(reason: AppError) {
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.reject(reason)
  }

  promptOf(device: boolean, own: boolean): Prompt {
    const { needsSetup = false, browserError = '' } = this.#world.options
    const server = this.#world.server
    return {
      phase: 'waiting',
      url: device
        ? `${server}/activate`
        : `${server}/authorize?response_type=code&client_id=lanyard-desktop&redirect_uri=http%3A%2F%2F127.0.0.1%3A43271%2Fcallback&state=b5Qm2fXk&code_challenge_method=S256`,
      userCode: device ? 'WDJB-MJHT' : '',
      expires: new Date(this.#world.now().getTime() + 10 * 60_000).toISOString(),
      browserError,
      needsSetup: own && needsSetup,
      setupCode: own && needsSetup ? 'K7QF-2M9X-TR4C' : '',
      serviceStarted: own,
    }
  }
}

export function sessionView(world: World, state: SessionState): SessionView {
  if (state === 'signed_out') return { ...nobody, keychain: 'GNOME Keyring' }
  const { server, registry, account } = world
  const foreign = world.options.foreign ?? false
  return {
    ...nobody,
    state,
    account,
    server,
    own: server.startsWith('http://localhost'),
    lastFour: '7QxK',
    tokenId: foreign ? '' : 'this',
    scope: foreign ? '' : 'Read, Write, Delete',
    created: world.ago(12),
    lastUsed: world.ago(0.0014),
    lastUsedFrom: '127.0.0.1',
    ends: foreign ? '' : world.ago(-89.5),
    idleEnds: foreign ? '' : world.ago(-29.5),
    asOf: state === 'offline' ? world.ago(0.08) : '',
    by: state === 'ended' ? 'person' : state === 'replaced' ? 'build-vm' : state === 'expired' ? 'time' : '',
    when: state === 'ended' || state === 'expired' ? world.ago(0.3) : '',
    registries: [registry],
    keychain: 'GNOME Keyring',
    ...says[state],
    try: [
      { tool: 'docker', line: `docker pull ${registry}/${account}/hello` },
      { tool: 'podman', line: `podman pull --tls-verify=false ${registry}/${account}/hello` },
      { tool: 'skopeo', line: `skopeo inspect --tls-verify=false docker://${registry}/${account}/hello` },
    ],
  }
}

export function receiptOf(world: World): Receipt {
  return {
    account: world.account,
    server: world.server,
    lastFour: '7QxK',
    removed: true,
    revoked: true,
    refused: true,
    pending: '',
    tools: '',
  }
}

const nobody: SessionView = {
  state: 'signed_out',
  account: '',
  server: '',
  own: false,
  lastFour: '',
  tokenId: '',
  scope: '',
  created: '',
  lastUsed: '',
  lastUsedFrom: '',
  ends: '',
  idleEnds: '',
  asOf: '',
  serverVersion: '',
  by: '',
  when: '',
  registries: [],
  keychain: '',
  detail: '',
  action: '',
  try: [],
}

// The words of the real one (backend/standing).
const removed = ' Its token was removed from this computer.'
const says: Record<Exclude<SessionState, 'signed_out'>, { detail: string; action: string }> = {
  active: { detail: '', action: '' },
  offline: {
    detail: 'The service does not answer. The token is kept, and its end is counted on this computer.',
    action: 'Check the network. Lanyard asks again by itself.',
  },
  expired: {
    detail:
      'The session is over: its time ran out, or its token was taken out of the keychain. Nothing of it is left on this computer.',
    action: 'Sign in again.',
  },
  ended: {
    detail: `The session was ended at the service, by you or by somebody who may.${removed}`,
    action: 'Sign in again.',
  },
  replaced: {
    detail:
      "This computer's token gave way to build-vm on 21 November 2026 12:05 (an account has at most five).",
    action:
      'Make it anew. The computer of yours that was used least recently then gives way, if there are five.',
  },
  deactivated: {
    detail: "This computer's token was deactivated, so every pull and push with it is refused.",
    action: 'Activate it, or sign out.',
  },
  keychain_locked: {
    detail: 'The keychain is locked or does not answer, so the tools go on without credentials.',
    action: 'Unlock it.',
  },
  keychain_missing: {
    detail: 'No keychain answers in this session, and Lanyard keeps secrets nowhere else.',
    action: "Start one, such as GNOME Keyring or KeePassXC's Secret Service.",
  },
}

function addressError(server: string): AppError | undefined {
  if (server === '' || server === 'docker-hub' || /^(https:\/\/|http:\/\/localhost)[^\s@]*$/.test(server))
    return undefined
  return fault('address', `Not a server address: "${server}".`, 'Give https://host or https://host:port.')
}
