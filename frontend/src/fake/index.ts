import type { Backend, SessionState, SessionView } from '../lib/contract'
import { actsOf, securityOf, usesOf } from './acts'
import {
  accountCalls,
  accountsOf,
  keychainCalls,
  keychainOf,
  noticesOf,
  preferencesOf,
  serviceCalls,
  serviceOf,
  settingsCalls,
} from './desk'
import { FakeSession, receiptOf, sessionView } from './session'
import { preflightOf, startCalls } from './start'
import { tokensOf } from './token-list'
import { tokenCalls } from './tokens'
import { findingsOf, toolCalls, toolListOf, toolsOf } from './tools'
import { World, type FakeOptions } from './world'

export { odd } from './token-list'
export { fault, type FakeOptions } from './world'

// A backend without Go, for tests and for Vite alone in a browser. It behaves
// like the real one as far as the window can see, and is no part of a release.
export class Fake extends World implements Backend {
  view: SessionView
  tokens
  tools
  toolList
  findings
  service
  receipt
  preflight
  uses
  security
  acts
  accounts
  keychain
  preferences
  notices
  Session: Backend['Session']
  Start: Backend['Start']
  Home: Backend['Home']
  Tokens: Backend['Tokens']
  Security: Backend['Security']
  Tools: Backend['Tools']
  Activity: Backend['Activity']
  Accounts: Backend['Accounts']
  Service: Backend['Service']
  Keychain: Backend['Keychain']
  Settings: Backend['Settings']
  Window: Backend['Window']
  #session: FakeSession

  constructor(options: FakeOptions = {}) {
    super(options)
    this.view = sessionView(this, options.state ?? 'signed_out')
    this.tokens = tokensOf(this, options.tokens ?? 'few')
    this.tools = toolsOf(this)
    this.toolList = toolListOf(this)
    this.findings = findingsOf(this)
    this.service = serviceOf(this)
    this.receipt = receiptOf(this)
    this.preflight = preflightOf(this)
    this.uses = usesOf(this)
    this.security = securityOf(this)
    this.acts = actsOf(this)
    this.accounts = accountsOf(this)
    this.keychain = keychainOf(this)
    this.preferences = preferencesOf(this)
    this.notices = noticesOf(this)
    this.#session = new FakeSession(this)
    this.Session = this.#session.calls
    this.Start = startCalls(this, this.#session)
    this.Home = { Look: () => this.answer('Home.Look', () => this.uses) }
    this.Tokens = tokenCalls(this)
    this.Tools = toolCalls(this)
    this.Accounts = accountCalls(this)
    this.Service = serviceCalls(this)
    this.Keychain = keychainCalls(this)
    this.Settings = settingsCalls(this)
    this.Security = this.#securityCalls()
    this.Activity = this.#activityCalls()
    this.Window = this.#windowCalls()
  }

  #securityCalls(): Backend['Security'] {
    const keep = (kept: (one: (typeof this.security.sessions)[number]) => boolean) => {
      const before = this.security.sessions.length
      this.security = { ...this.security, sessions: this.security.sessions.filter(kept) }
      return { ended: before - this.security.sessions.length }
    }
    return {
      Look: () => this.answer('Security.Look', () => this.security),
      End: (id) =>
        this.answer('Security.End', () => {
          const own = this.security.sessions.some((one) => one.id === id && one.thisComputer)
          keep((one) => one.id !== id)
          if (own) this.become('ended')
        }),
      EndOthers: () => this.answer('Security.EndOthers', () => keep((one) => one.thisComputer)),
      OpenPage: () => this.answer('Security.OpenPage', () => undefined),
    }
  }

  #activityCalls(): Backend['Activity'] {
    return {
      List: ({ kind, before }) =>
        this.answer('Activity.List', () => {
          const from = this.acts.findIndex((act) => act.id === before) + 1
          const fitting = this.acts.slice(from).filter((act) => !kind || act.action.startsWith(`${kind}.`))
          return { events: fitting.slice(0, 25), more: fitting.length > 25 }
        }),
      Export: () =>
        this.answer('Activity.Export', () => ({
          file: '/home/anna/activity.jsonl',
          count: this.acts.length,
        })),
    }
  }

  #windowCalls(): Backend['Window'] {
    return {
      Copy: (text) => this.answer('Window.Copy', () => void this.copied.push(text)),
      CopySecret: (secret) =>
        this.answer('Window.CopySecret', () => {
          this.copied.push(secret)
          return { clears: new Date(Date.now() + 30_000).toISOString() }
        }),
      Holds: (secret) => this.answer('Window.Holds', () => void (this.holds = secret)),
      Close: () => this.answer('Window.Close', () => undefined),
      CloseNotice: () =>
        this.answer('Window.CloseNotice', () => {
          const first = this.notice
          this.notice = false
          return first
        }),
      ClearClipboard: () =>
        this.answer('Window.ClearClipboard', () => this.emit('clipboard', { cleared: true })),
      OpenTokenPage: () => this.answer('Window.OpenTokenPage', () => undefined),
    }
  }

  // become changes the session as if it had happened elsewhere.
  become(state: SessionState): SessionView {
    this.view = sessionView(this, state)
    this.emit('session', this.view)
    return this.view
  }

  finish = () => this.#session.finish()
  breakOff: FakeSession['breakOff'] = (reason) => this.#session.breakOff(reason)
  promptOf: FakeSession['promptOf'] = (device, own) => this.#session.promptOf(device, own)
}
