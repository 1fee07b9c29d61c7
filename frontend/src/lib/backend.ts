import * as Service from '../../wailsjs/go/app/Service'
import * as Session from '../../wailsjs/go/app/Session'
import * as Tokens from '../../wailsjs/go/app/Tokens'
import * as Tools from '../../wailsjs/go/app/Tools'
import * as Window from '../../wailsjs/go/app/Window'
import { EventsOn } from '../../wailsjs/runtime/runtime'

// What the window may ask of the Go half, and the only file that knows that
// Wails carries it. Times are RFC 3339, '' where there is none.

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
  ends: string
  idleEnds: string
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

export type Token = {
  id: string
  description: string
  source: 'manual' | 'auto'
  status: 'active' | 'inactive' | 'expired'
  scopes: string[]
  access: string
  lastFour: string
  machine: string
  thisComputer: boolean
  created: string
  lastUsed: string
  lastUsedFrom: string
  expires: string
}

export type TokenList = { tokens: Token[]; active: number; deactivated: number }

export type Scope = 'admin' | 'write' | 'read' | 'public_read'

export type NewToken = { description: string; scope: Scope; expires: string }

export type Fresh = { token: Token; secret: string }

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

export type ServiceStatus = {
  state: 'running' | 'stopped' | 'unknown'
  url: string
  version: string
  data: string
  needsSetup: boolean
}

export type Events = {
  signin: Prompt
  session: SessionView
  clipboard: { cleared: boolean } // a copied secret's time is over; false: something else was copied since
  closing: null // the window was to be closed while it holds a secret
}

export interface Backend {
  Session: {
    Current(): Promise<SessionView>
    SignIn(server: string, device: boolean): Promise<SessionView>
    Cancel(): Promise<void>
    OpenAgain(): Promise<void>
    Retake(): Promise<SessionView>
    SignOut(): Promise<Receipt>
  }
  Tokens: {
    List(): Promise<TokenList>
    Create(wanted: NewToken): Promise<Fresh>
    Rename(id: string, description: string): Promise<Token>
    SetActive(id: string, active: boolean): Promise<Token>
    Delete(id: string): Promise<void>
  }
  Tools: {
    Status(): Promise<ToolsStatus>
    Plan(replace: boolean): Promise<ToolsPlan> // replace: another credential helper gives way
    Apply(mayCopy: boolean, replace: boolean): Promise<ToolsStatus>
    Undo(): Promise<{ summary: string }>
  }
  Service: {
    Status(): Promise<ServiceStatus>
    Start(): Promise<ServiceStatus>
    Stop(): Promise<ServiceStatus>
  }
  Window: {
    Copy(text: string): Promise<void>
    CopySecret(secret: string): Promise<{ clears: string }> // for half a minute; then the event clipboard
    Holds(secret: boolean): Promise<void> // a new secret that nobody has copied: closing asks first, by the event closing
    Close(): Promise<void>
    CloseNotice(): Promise<boolean>
  }
  // on calls heard for each event and returns what ends that.
  on<E extends keyof Events>(event: E, heard: (value: Events[E]) => void): () => void
}

// The bindings know no literal types; in all else they must be what Backend
// says, or the compiler refuses them here.
type Bound<T> = T extends (...args: infer A) => Promise<infer R>
  ? (...args: A) => Promise<Bound<R>>
  : T extends string
    ? string
    : T extends object
      ? { [K in keyof T]: Bound<T[K]> }
      : T

// wails is the Go half that this window was opened by.
export function wails(): Backend {
  const bound: Bound<Omit<Backend, 'on'>> = { Session, Tokens, Tools, Service, Window }
  return { ...(bound as Omit<Backend, 'on'>), on: (event, heard) => EventsOn(event, heard) }
}

// asError makes of whatever a call was rejected with the words to show. Wails
// makes an Error of it, whose text is what the Go half sent: an AppError as JSON.
export function asError(reason: unknown): AppError {
  const object = typeof reason === 'object' && reason !== null ? reason : {}
  const text = 'message' in object ? object.message : reason
  const said: Partial<AppError> = { ...object, ...parsed(text) }
  return { code: said.code ?? 'failed', message: String(said.message ?? text), action: said.action ?? '' }
}

function parsed(text: unknown): object {
  try {
    const value: unknown = JSON.parse(String(text))
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
