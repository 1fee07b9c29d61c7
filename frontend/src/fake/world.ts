import type {
  AppError,
  ErrorCode,
  Events,
  HomeView,
  KeychainView,
  NoticeView,
  Preferences,
  Receipt,
  SecurityView,
  ServiceStatus,
  SessionState,
  SessionView,
  Token,
  ToolsStatus,
  Check,
  AccountView,
  Act,
  Finding,
  ToolView,
} from '../lib/contract'

// The made-up computer that the fake backend speaks for: what is on it, who
// listens, and what is to fail.

export const day = 24 * 60 * 60 * 1000

export type FakeOptions = {
  state?: SessionState
  account?: string
  server?: string
  tokens?: 'few' | 'none' | 'odd' | 'many'
  setUp?: boolean
  offer?: boolean
  needsSetup?: boolean
  browserError?: string
  foreign?: boolean // signed in with a pasted token, at Docker Hub
  quiet?: boolean // nothing happened yet: no uses, no notices, no findings
  preferences?: Partial<Preferences>
  now?: () => Date
  // What a call does instead: the error it is rejected with.
  fail?: Partial<Record<string, AppError>>
  // How long a call takes, in ms.
  slow?: number
}

export function fault(code: ErrorCode, message: string, action: string): AppError {
  return { code, message, action }
}

export abstract class World {
  copied: string[] = []
  calls: string[] = []
  fail: Partial<Record<string, AppError>>
  holds = false
  notice = true
  otherHelper = false // docker's configuration has another program for the registry
  abstract view: SessionView
  abstract tokens: Token[]
  abstract tools: ToolsStatus
  abstract toolList: ToolView[]
  abstract findings: Finding[]
  abstract service: ServiceStatus
  abstract receipt: Receipt
  abstract preflight: Check[]
  abstract uses: HomeView
  abstract security: SecurityView
  abstract acts: Act[]
  abstract accounts: AccountView[]
  abstract keychain: KeychainView
  abstract preferences: Preferences
  abstract notices: NoticeView[]
  readonly options: FakeOptions
  readonly now: () => Date
  #heard: { [E in keyof Events]: Set<(value: Events[E]) => void> } = {
    signin: new Set(),
    session: new Set(),
    clipboard: new Set(),
    closing: new Set(),
    changed: new Set(),
    selftest: new Set(),
    notices: new Set(),
    notice_opened: new Set(),
  }

  constructor(options: FakeOptions) {
    this.options = options
    this.now = options.now ?? (() => new Date())
    this.fail = options.fail ?? {}
  }

  get account() {
    return this.options.account ?? 'anna'
  }

  get server() {
    return this.options.server ?? (this.options.foreign ? 'docker.io' : 'http://localhost:8460')
  }

  get registry() {
    return this.server.replace(/^https?:\/\//, '')
  }

  abstract become(state: SessionState): SessionView

  on<E extends keyof Events>(event: E, heard: (value: Events[E]) => void): () => void {
    this.#heard[event].add(heard)
    return () => this.#heard[event].delete(heard)
  }

  emit<E extends keyof Events>(event: E, value: Events[E]) {
    for (const heard of this.#heard[event]) heard(value)
  }

  // answer plays one call: noted, refused where that was asked for, and a copy,
  // as everything that comes from Go is.
  async answer<T>(name: string, give: () => T): Promise<T> {
    this.calls.push(name)
    if (this.options.slow) await this.wait(this.options.slow)
    const refused = this.fail[name]
    if (refused) throw refused
    return structuredClone(give())
  }

  wait(ms: number): Promise<void> {
    return new Promise((done) => setTimeout(done, ms))
  }

  ago(days: number): string {
    return new Date(this.now().getTime() - days * day).toISOString()
  }
}
