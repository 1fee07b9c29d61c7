import * as Accounts from '../../wailsjs/go/app/Accounts'
import * as Activity from '../../wailsjs/go/app/Activity'
import * as Home from '../../wailsjs/go/app/Home'
import * as Keychain from '../../wailsjs/go/app/Keychain'
import * as Security from '../../wailsjs/go/app/Security'
import * as Service from '../../wailsjs/go/app/Service'
import * as Session from '../../wailsjs/go/app/Session'
import * as Settings from '../../wailsjs/go/app/Settings'
import * as Start from '../../wailsjs/go/app/Start'
import * as Tokens from '../../wailsjs/go/app/Tokens'
import * as Tools from '../../wailsjs/go/app/Tools'
import * as Window from '../../wailsjs/go/app/Window'
import { EventsOn } from '../../wailsjs/runtime/runtime'
import type { AppError, Backend } from './contract'

export type * from './contract'

// The only file that knows that Wails carries what contract.ts says.

// The bindings know no literal types; in all else they must be what Backend
// says, or the compiler refuses them here.
type Bound<T> = T extends (...args: infer A) => Promise<infer R>
  ? (...args: A) => Promise<Bound<R>>
  : T extends string
    ? string
    : T extends readonly (infer E)[]
      ? Bound<E>[]
      : T extends object
        ? { [K in keyof T as null extends T[K] ? never : K]: Bound<T[K]> } & {
            [K in keyof T as null extends T[K] ? K : never]?: Bound<NonNullable<T[K]>> // null at run time
          }
        : T

// wails is the Go half that this window was opened by.
export function wails(): Backend {
  const bound: Bound<Omit<Backend, 'on'>> = {
    Accounts,
    Activity,
    Home,
    Keychain,
    Security,
    Service,
    Session,
    Settings,
    Start,
    Tokens,
    Tools,
    Window,
  }
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
