import type {
  AppError,
  Backend,
  ErrorCode,
  Events,
  Fresh,
  NewToken,
  Prompt,
  Receipt,
  Scope,
  ServiceStatus,
  SessionState,
  SessionView,
  Token,
  ToolsStatus,
} from './backend'

// A backend without Go, for tests and for Vite alone in a browser. It behaves
// like the real one as far as the window can see, and is no part of a release.

const day = 24 * 60 * 60 * 1000

const access: Record<Scope, string> = {
  admin: 'Read, Write, Delete',
  write: 'Read, Write',
  read: 'Read',
  public_read: 'Public read',
}

export type FakeOptions = {
  state?: SessionState
  account?: string
  server?: string
  tokens?: 'few' | 'none' | 'odd'
  setUp?: boolean
  offer?: boolean
  needsSetup?: boolean
  browserError?: string
  now?: () => Date
  // What a call does instead: the error it is rejected with.
  fail?: Partial<Record<string, AppError>>
}

// Of a service that does not run nobody knows where, and of which build.
const running = { state: 'running', url: 'http://localhost:8460', version: 'v0.3.0' } as const
const stopped = { state: 'stopped', url: '', version: '' } as const

export class Fake implements Backend {
  copied: string[] = []
  calls: string[] = []
  fail: Partial<Record<string, AppError>>
  view: SessionView
  tokens: Token[]
  tools: ToolsStatus
  service: ServiceStatus
  receipt: Receipt
  notice = true
  holds = false
  otherHelper = false // docker's configuration has another program for the registry
  #heard: { [E in keyof Events]: Set<(value: Events[E]) => void> } = {
    signin: new Set(),
    session: new Set(),
    clipboard: new Set(),
    closing: new Set(),
  }
  #options: FakeOptions
  #now: () => Date
  #made = 0
  #waiting: { resolve: (view: SessionView) => void; reject: (reason: AppError) => void } | null = null

  constructor(options: FakeOptions = {}) {
    this.#options = options
    this.#now = options.now ?? (() => new Date())
    this.fail = options.fail ?? {}
    this.view = this.#viewOf(options.state ?? 'signed_out')
    this.tokens = this.#tokensOf(options.tokens ?? 'few')
    this.service = {
      ...running,
      data: '/home/anna/.local/share/lanyard/service',
      needsSetup: options.needsSetup ?? false,
    }
    this.tools = {
      file: '/home/anna/.docker/config.json',
      hosts: options.setUp === false ? [] : ['localhost:8460'],
      missing: options.setUp === false ? ['localhost:8460'] : [],
      setUp: options.setUp !== false && !options.offer,
      helper: options.offer ? '' : '/home/anna/.local/bin/docker-credential-lanyard',
      offer: options.offer ? '/home/anna/.local/bin/docker-credential-lanyard' : '',
      line: options.offer ? 'export PATH="$HOME/.local/bin:$PATH"' : '',
      lineFile: options.offer ? '/home/anna/.profile' : '',
    }
    this.receipt = {
      account: this.#account,
      server: this.#server,
      lastFour: '7QxK',
      removed: true,
      revoked: true,
      refused: true,
      pending: '',
      tools: '',
    }
  }

  get #account() {
    return this.#options.account ?? 'anna'
  }

  get #server() {
    return this.#options.server ?? 'http://localhost:8460'
  }

  Session: Backend['Session'] = {
    Current: () => this.#answer('Session.Current', () => this.view),
    SignIn: (server, device) => {
      this.calls.push(`Session.SignIn ${JSON.stringify(server)} ${device}`)
      const refused = this.fail['Session.SignIn'] ?? addressError(server)
      if (refused) return Promise.reject(refused)
      if (this.#waiting)
        return Promise.reject(fault('busy', 'Another sign-in is under way.', 'Finish or cancel it first.'))
      return new Promise((resolve, reject) => {
        this.#waiting = { resolve, reject }
        queueMicrotask(() => this.emit('signin', this.promptOf(device, server === '')))
      })
    },
    Cancel: () =>
      this.#answer('Session.Cancel', () => {
        const waiting = this.#waiting
        this.#waiting = null
        waiting?.reject(fault('cancelled', 'The sign-in was cancelled.', ''))
      }),
    OpenAgain: () => this.#answer('Session.OpenAgain', () => undefined),
    Retake: () => this.#answer('Session.Retake', () => this.become('active')),
    SignOut: () =>
      this.#answer('Session.SignOut', () => {
        this.become('signed_out')
        return this.receipt
      }),
  }

  Tokens: Backend['Tokens'] = {
    List: () =>
      this.#answer('Tokens.List', () => ({
        tokens: this.tokens,
        active: this.tokens.filter((one) => one.status === 'active').length,
        deactivated: this.tokens.filter((one) => one.status === 'inactive').length,
      })),
    Create: (wanted) => this.#answer('Tokens.Create', () => this.#create(wanted)),
    Rename: (id, description) => this.#change('Tokens.Rename', id, (one) => ({ ...one, description })),
    SetActive: (id, active) =>
      this.#change('Tokens.SetActive', id, (one) => {
        if (one.thisComputer) this.become(active ? 'active' : 'deactivated')
        return { ...one, status: active ? 'active' : 'inactive' }
      }),
    Delete: (id) =>
      this.#answer('Tokens.Delete', () => {
        const own = this.#find(id).thisComputer
        this.tokens = this.tokens.filter((one) => one.id !== id)
        if (own) this.become('ended')
      }),
  }

  Tools: Backend['Tools'] = {
    Status: () => this.#answer('Tools.Status', () => this.tools),
    Plan: (replace) =>
      this.#answer('Tools.Plan', () => {
        if (this.otherHelper && !replace)
          throw fault(
            'other_helper',
            `Another credential helper is set in ${this.tools.file}: localhost:8460 has "pass".`,
            'Leave it so, or let Lanyard take its place. Undo puts it back.',
          )
        const gives = this.otherHelper ? `  -   "localhost:8460": "pass"\n` : ''
        return {
          diff: `${this.tools.file}\n  "credHelpers"\n${gives}  +   "localhost:8460": "lanyard"\n`,
          offer: this.tools.offer,
        }
      }),
    Apply: (mayCopy) =>
      this.#answer('Tools.Apply', () => {
        if (this.tools.offer && !mayCopy)
          throw fault(
            'helper_missing',
            'Your shell does not find the credential helper, so docker would not either. Nothing was written.',
            `Agree to a copy at ${this.tools.offer}, or add its folder to PATH yourself.`,
          )
        this.tools = {
          ...this.tools,
          setUp: true,
          hosts: ['localhost:8460'],
          missing: [],
          helper: '/home/anna/.local/bin/docker-credential-lanyard',
          offer: '',
          line: '',
          lineFile: '',
        }
        return this.tools
      }),
    Undo: () =>
      this.#answer('Tools.Undo', () => {
        this.tools = { ...this.tools, setUp: false, hosts: [], missing: ['localhost:8460'] }
        return { summary: `${this.tools.file} is as it was before.` }
      }),
  }

  Service: Backend['Service'] = {
    Status: () => this.#answer('Service.Status', () => this.service),
    Start: () => this.#answer('Service.Start', () => (this.service = { ...this.service, ...running })),
    Stop: () => this.#answer('Service.Stop', () => (this.service = { ...this.service, ...stopped })),
  }

  Window: Backend['Window'] = {
    Copy: (text) => this.#answer('Window.Copy', () => void this.copied.push(text)),
    CopySecret: (secret) =>
      this.#answer('Window.CopySecret', () => {
        this.copied.push(secret)
        return { clears: new Date(Date.now() + 30_000).toISOString() }
      }),
    Holds: (secret) =>
      this.#answer('Window.Holds', () => {
        this.holds = secret
      }),
    Close: () => this.#answer('Window.Close', () => undefined),
    CloseNotice: () =>
      this.#answer('Window.CloseNotice', () => {
        const first = this.notice
        this.notice = false
        return first
      }),
  }

  on<E extends keyof Events>(event: E, heard: (value: Events[E]) => void): () => void {
    this.#heard[event].add(heard)
    return () => this.#heard[event].delete(heard)
  }

  emit<E extends keyof Events>(event: E, value: Events[E]) {
    for (const heard of this.#heard[event]) heard(value)
  }

  // become changes the session as if it had happened elsewhere.
  become(state: SessionState): SessionView {
    this.view = this.#viewOf(state)
    this.emit('session', this.view)
    return this.view
  }

  // finish is the person done in the browser.
  finish() {
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.resolve(this.become('active'))
  }

  // breakOff is the sign-in failing.
  breakOff(reason: AppError) {
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.reject(reason)
  }

  promptOf(device: boolean, own: boolean): Prompt {
    const { needsSetup = false, browserError = '' } = this.#options
    return {
      phase: 'waiting',
      url: device
        ? `${this.#server}/activate`
        : `${this.#server}/authorize?response_type=code&client_id=lanyard-desktop&redirect_uri=http%3A%2F%2F127.0.0.1%3A43271%2Fcallback&state=b5Qm2fXk&code_challenge_method=S256`,
      userCode: device ? 'WDJB-MJHT' : '',
      expires: new Date(this.#now().getTime() + 10 * 60_000).toISOString(),
      browserError,
      needsSetup: own && needsSetup,
      setupCode: own && needsSetup ? 'K7QF-2M9X-TR4C' : '',
      serviceStarted: own,
    }
  }

  async #answer<T>(name: string, give: () => T): Promise<T> {
    this.calls.push(name)
    const refused = this.fail[name]
    if (refused) throw refused
    return structuredClone(give())
  }

  #find(id: string): Token {
    const one = this.tokens.find((token) => token.id === id)
    if (!one) throw fault('not_found', 'There is no such token any more.', 'Look at the list again.')
    return one
  }

  #change(name: string, id: string, to: (one: Token) => Token): Promise<Token> {
    return this.#answer(name, () => {
      const changed = to(this.#find(id))
      this.tokens = this.tokens.map((one) => (one.id === id ? changed : one))
      return changed
    })
  }

  #create(wanted: NewToken): Fresh {
    const token: Token = {
      ...blank,
      id: `new-${++this.#made}`,
      description: wanted.description,
      scopes: [`repo:${wanted.scope}`],
      access: access[wanted.scope],
      lastFour: 'vW3s',
      created: this.#now().toISOString(),
      expires: wanted.expires,
    }
    this.tokens = [token, ...this.tokens]
    return { token, secret: 'lyd_pat_FAKEfakeFAKEfakeFAKEfakeFAKEvW3s' }
  }

  #ago(days: number): string {
    return new Date(this.#now().getTime() - days * day).toISOString()
  }

  #viewOf(state: SessionState): SessionView {
    if (state === 'signed_out') return { ...nobody, keychain: 'GNOME Keyring' }
    const server = this.#server
    const registry = server.replace(/^https?:\/\//, '')
    return {
      state,
      account: this.#account,
      server,
      own: server.startsWith('http://localhost'),
      lastFour: '7QxK',
      tokenId: 'this',
      scope: 'Read, Write, Delete',
      ends: this.#ago(-89.5),
      idleEnds: this.#ago(-29.5),
      registries: [registry],
      keychain: 'GNOME Keyring',
      ...says[state],
      try: [
        { tool: 'docker', line: `docker pull ${registry}/${this.#account}/hello` },
        { tool: 'podman', line: `podman pull --tls-verify=false ${registry}/${this.#account}/hello` },
        {
          tool: 'skopeo',
          line: `skopeo inspect --tls-verify=false docker://${registry}/${this.#account}/hello`,
        },
      ],
    }
  }

  #tokensOf(kind: 'few' | 'none' | 'odd'): Token[] {
    const own: Token = {
      ...blank,
      id: 'this',
      description: 'Generated by Lanyard on anna-thinkpad',
      source: 'auto',
      scopes: ['repo:admin'],
      access: access.admin,
      lastFour: '7QxK',
      machine: 'anna-thinkpad',
      thisComputer: true,
      created: this.#ago(12),
      lastUsed: this.#ago(0.02),
      lastUsedFrom: '127.0.0.1',
    }
    if (kind === 'none') return []
    const few: Token[] = [
      own,
      {
        ...own,
        id: 'other',
        description: 'Generated by Lanyard on build-vm',
        machine: 'build-vm',
        thisComputer: false,
        lastFour: 'p0Zd',
        created: this.#ago(64),
        lastUsed: this.#ago(41),
        lastUsedFrom: '192.0.2.17',
      },
      {
        ...blank,
        id: 'ci',
        description: 'ci-read',
        scopes: ['repo:read'],
        access: access.read,
        lastFour: 'a81F',
        created: this.#ago(200),
        lastUsed: this.#ago(0.2),
        lastUsedFrom: '203.0.113.9',
        expires: this.#ago(-5),
      },
      {
        ...blank,
        id: 'deploy',
        description: 'Deployment of the shop, staging',
        status: 'inactive',
        scopes: ['repo:write'],
        access: access.write,
        lastFour: 'Qq2L',
        created: this.#ago(31),
        expires: this.#ago(-59),
      },
      {
        ...blank,
        id: 'old',
        description: 'tryout',
        status: 'expired',
        scopes: ['repo:public_read'],
        access: access.public_read,
        lastFour: '0aBc',
        created: this.#ago(95),
        lastUsed: this.#ago(70),
        lastUsedFrom: '192.0.2.44',
        expires: this.#ago(5),
      },
    ]
    return kind === 'few'
      ? few
      : [
          ...few.slice(0, 1),
          ...odd.map((description, i) => ({ ...(few[2] ?? own), id: `odd-${i}`, description })),
        ]
  }
}

// Descriptions that must stay text.
export const odd = [
  '<img src=x onerror="document.title=\'owned\'"><b>bold</b>',
  '\u202Etxt.exe is not what it seems',
  'מפתח של אבא, ومفتاح أمي',
  '👩🏽‍💻🔑🏳️‍🌈 keys',
  'two\nlines\r\nand three',
  'x'.repeat(100),
  'A description with many words, made to be exactly one hundred characters long so that all of it fits',
]

const blank: Token = {
  id: '',
  description: '',
  source: 'manual',
  status: 'active',
  scopes: [],
  access: '',
  lastFour: '',
  machine: '',
  thisComputer: false,
  created: '',
  lastUsed: '',
  lastUsedFrom: '',
  expires: '',
}

const nobody: SessionView = {
  state: 'signed_out',
  account: '',
  server: '',
  own: false,
  lastFour: '',
  tokenId: '',
  scope: '',
  ends: '',
  idleEnds: '',
  registries: [],
  keychain: '',
  detail: '',
  action: '',
  try: [],
}

const says: Record<Exclude<SessionState, 'signed_out'>, { detail: string; action: string }> = {
  active: { detail: '', action: '' },
  offline: {
    detail:
      'The server does not answer. This computer keeps its token, and the end of the session is counted here.',
    action: 'Check the network, or start the server.',
  },
  expired: {
    detail:
      'The session reached its end, 90 days after the sign-in. Its token was removed from GNOME Keyring.',
    action: 'Sign in again. Public images can be pulled meanwhile.',
  },
  ended: {
    detail:
      'The session was ended on another device or by an administrator. Its token is refused and was removed from GNOME Keyring.',
    action: 'Sign in again, if it was you.',
  },
  replaced: {
    detail:
      'An account has at most five such tokens. This computer’s gave way to build-vm on 21 November 2026.',
    action: 'Take a place again: the computer that was unused the longest gives way.',
  },
  deactivated: {
    detail:
      'This computer’s token was deactivated, so container tools are refused. You are still signed in here.',
    action: 'Activate it again.',
  },
  keychain_locked: {
    detail: 'GNOME Keyring is locked, so nobody can be signed in from it: container tools go on without.',
    action: 'Unlock it with its password.',
  },
  keychain_missing: {
    detail:
      'No program on this computer keeps secrets (org.freedesktop.secrets). Lanyard does not write them to a file.',
    action: 'Install gnome-keyring, KWallet or KeePassXC, start it, then try again.',
  },
}

export function fault(code: ErrorCode, message: string, action: string): AppError {
  return { code, message, action }
}

function addressError(server: string): AppError | undefined {
  if (server === '' || /^(https:\/\/|http:\/\/localhost)[^\s@]*$/.test(server)) return undefined
  return fault(
    'address',
    'That is not the address of a server.',
    'Write it like https://registry.example.com.',
  )
}

// fromAddress makes the fake that the page's address asks for:
// ?state=active&tokens=odd&setup=1&tools=none&offer=1&fail=Tokens.List
export function fromAddress(query: string): Fake {
  const asked = new URLSearchParams(query)
  const name = asked.get('fail')
  const fake = new Fake({
    state: (asked.get('state') ?? 'signed_out') as SessionState,
    account: asked.get('account') ?? undefined,
    server: asked.get('server') ?? undefined,
    tokens: (asked.get('tokens') ?? 'few') as 'few',
    setUp: asked.get('tools') !== 'none',
    offer: asked.has('offer'),
    needsSetup: asked.has('setup'),
    browserError: asked.has('nobrowser') ? 'Could not open a browser.' : '',
    fail: name
      ? {
          [name]: fault(
            'offline',
            'The server at localhost:8460 does not answer.',
            'Check the network, or start this computer’s service under Settings.',
          ),
        }
      : {},
  })
  if (asked.get('service') === 'stopped') fake.service = { ...fake.service, ...stopped }
  return fake
}
