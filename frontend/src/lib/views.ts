// What Go tells the page, thing by thing.

export type ErrorCode =
  | 'offline'
  | 'ended'
  | 'not_signed_in'
  | 'keychain_locked'
  | 'keychain_missing'
  | 'keychain_dismissed'
  | 'keychain_timeout'
  | 'address'
  | 'not_server'
  | 'denied'
  | 'expired'
  | 'limited'
  | 'not_found'
  | 'busy'
  | 'refused'
  | 'helper_missing'
  | 'other_helper'
  | 'second_factor'
  | 'too_old'
  | 'too_new'
  | 'cancelled'
  | 'failed'

// What a rejected call carries: what happened, and what to do ('' = nothing).
export type AppError = { code: ErrorCode; message: string; action: string }

export type SessionState =
  | 'signed_out'
  | 'active'
  | 'offline'
  | 'expired'
  | 'ended'
  | 'replaced'
  | 'deactivated'
  | 'keychain_locked'
  | 'keychain_missing'

export type SessionView = {
  state: SessionState
  account: string
  server: string
  own: boolean // this computer's own service
  lastFour: string
  tokenId: string
  scope: string
  created: string // of this computer's token, like the next two
  lastUsed: string
  lastUsedFrom: string
  ends: string
  idleEnds: string
  asOf: string // when the service last said so; '' now
  serverVersion: '' | 'too_old' | 'too_new'
  by: string // who ended it: time, person, this_computer, service, administrator, or a machine’s name; '' not known
  when: string
  registries: string[]
  keychain: string
  detail: string
  action: string
  try: { tool: string; line: string }[]
}

export type Receipt = {
  account: string
  server: string
  lastFour: string
  removed: boolean
  revoked: boolean
  refused: boolean
  pending: string // why the server does not know yet
  tools: string // why docker's configuration was not put back
}

export type Prompt = {
  phase: 'starting_service' | 'waiting' | 'finishing'
  url: string
  userCode: string
  expires: string
  browserError: string
  needsSetup: boolean
  setupCode: string
  serviceStarted: boolean
}

export type Check = {
  id: 'keychain' | 'browser' | 'tools' | 'helper' | 'service'
  state: 'good' | 'warn' | 'bad'
  says: string
  fix: string
  action: '' | 'unlock' | 'choose_keychain' | 'copy_helper'
}

export type ServerProbe = {
  address: string
  reachable: boolean
  certificate: 'good' | 'none' | 'untrusted'
  fingerprint: string
  kind: 'lanyard' | 'registry' | 'docker_hub' | 'other'
  version: string
  tooOld: boolean
  tooNew: boolean
  registries: string[]
  says: string
  fix: string
}

export type Pasted = {
  account: string
  host: string
  lastFour: string
  replaced: boolean
  checked: boolean
  tools: string
}

export type SelfTestStep = {
  id: 'push' | 'pull' | 'compare' | 'delete'
  state: 'waiting' | 'running' | 'done' | 'failed'
  line: string
  error: string
  took: number // ms
}
export type SelfTest = { steps: SelfTestStep[]; done: boolean; ok: boolean }

export type UseView = {
  at: string
  tool: string
  host: string
  account: string
  repository: string // '' where the tool did not say
  refused: string
  folder: string
}
export type HomeView = {
  uses: UseView[]
  elsewhere: number // uses of this computer's token that came not from this computer
  elsewhereFrom: string[]
  hub: { left: number; limit: number; until: string } | null
}

export type Token = {
  id: string
  description: string
  source: 'manual' | 'auto'
  status: 'active' | 'inactive' | 'expired'
  scopes: string[]
  access: string
  repositories: string[]
  lastFour: string
  machine: string
  os: string
  thisComputer: boolean
  pinned: boolean
  created: string
  createdFrom: string
  lastUsed: string
  lastUsedFrom: string
  lastUsedAgent: string
  expires: string
  previous: null | {
    lastFour: string
    until: string
    lastUsed: string
    lastUsedFrom: string
    lastUsedAgent: string
  } // the old secret of a rotation, while it still holds
}
export type TokenList = { tokens: Token[]; active: number; deactivated: number }
export type Scope = 'admin' | 'write' | 'read' | 'public_read'
export type NewToken = { description: string; scope: Scope; expires: string; repositories: string[] }
export type TokenDetail = {
  token: Token
  uses: { address: string; agent: string; at: string; count: number }[]
  reach: { repository: string; actions: string[] }[]
  reachMore: number
  activity: Act[]
}
export type Fresh = { token: Token; secret: string; registry: string; account: string }
export type WhichToken = { token: Token | null; previous: boolean; says: string }

export type SessionRow = {
  id: string
  machine: string
  os: string
  client: string
  thisComputer: boolean
  began: string
  lastUsed: string
  address: string
  agent: string
  ends: string
  idleEnds: string
  tokenLastFour: string
}
export type SignInAct = { at: string; ok: boolean; what: string; address: string; agent: string }
export type SecurityView = {
  sessions: SessionRow[]
  signIns: SignInAct[]
  factors: { app: boolean; passkeys: number; recoveryLeft: number } | null
}

export type ToolsStatus = {
  file: string
  hosts: string[]
  missing: string[]
  setUp: boolean
  helper: string
  offer: string
  line: string
  lineFile: string
}
export type ToolsPlan = { diff: string; offer: string }
export type ToolView = {
  name: string
  found: boolean
  path: string
  version: string
  file: string
  state: 'set_up' | 'not_set_up' | 'other_helper' | 'broken' | 'absent'
  by: string // which program answers for it
  says: string
  ours: boolean // Undo has something to put back
}
export type Finding = {
  id: string
  weight: 'problem' | 'warning' | 'note'
  tools: string[]
  what: string
  why: string
  fix: string
  fixable: boolean
}
export type WhyView = {
  image: string
  verdict: string
  says: string
  fix: string
  steps: { title: string; says: string; good: boolean | null }[]
}

export type ActKind = '' | 'token' | 'session' | 'account' | 'repository' | 'organization'
export type Act = {
  id: string
  at: string
  action: string
  actor: string // '' the service
  self: boolean
  subject: string
  label: string
  address: string
  agent: string
  details: Record<string, string>
}

export type AccountView = {
  id: string
  name: string
  server: string
  pasted: boolean
  active: boolean
  hosts: string[]
  activeAt: string[]
  state: string
  ends: string
  own: boolean
}

export type ServiceStatus = {
  state: 'running' | 'stopped' | 'unknown'
  url: string
  version: string
  data: string
  needsSetup: boolean
  pid: number
  since: string
  storage: string
  atLogin: 'yes' | 'no' | 'unavailable'
  size: number // bytes of its data
  lastBackup: string
}

export type KeychainView = {
  store: 'system' | 'file' | 'none'
  name: string
  why: string
  state: 'open' | 'locked' | 'missing' | 'broken'
  says: string
  entries: number
  file: string
  openBy: string
  systemAvailable: boolean
  canLock: boolean
}

export type Preferences = {
  theme: 'system' | 'light' | 'dark'
  language: '' | 'en' | 'de'
  zoom: number // percent
  zoomAvailable: boolean
  startAtLogin: boolean
  startAtLoginAvailable: boolean
  notify: { session: boolean; replaced: boolean; tokens: boolean }
  logLevel: 'info' | 'debug'
}
export type NoticeView = {
  id: string
  kind: 'session_ends' | 'session_ended' | 'token_replaced' | 'token_expires'
  at: string
  args: Record<string, string>
  place: 'home' | 'tokens' | 'security'
}
export type AboutView = {
  version: string
  go: string
  wails: string
  webview: string
  licence: string
  config: string
  state: string
  data: string
}
