import { getContext, setContext } from 'svelte'
import { Words } from '../words/words.svelte'
import { Accounts } from './accounts.svelte'
import { Activity } from './activity.svelte'
import { Clock } from './clock.svelte'
import type { AboutView, Backend, HomeView } from './contract'
import { Keychain } from './keychain.svelte'
import { live } from './live'
import { Look } from './look.svelte'
import { Nav, type Place } from './nav.svelte'
import { Notices } from './notices.svelte'
import { Preferences } from './preferences.svelte'
import { Service } from './service.svelte'
import { Report } from './report.svelte'
import { Security } from './security.svelte'
import { Session } from './session.svelte'
import { Keys } from './shortcuts'
import { SignIn } from './signin.svelte'
import { Start } from './start.svelte'
import { Tokens } from './tokens.svelte'
import { Doctor, Toolbox, Why } from './toolbox.svelte'
import { Tools } from './tools.svelte'

// Desk is all that one window remembers, put together once.
export class Desk {
  readonly words = new Words()
  readonly keys = new Keys()
  readonly clock = new Clock()
  readonly session: Session
  readonly signIn: SignIn
  readonly start: Start
  readonly nav: Nav
  readonly tokens: Tokens
  readonly tools: Tools
  readonly toolbox: Toolbox
  readonly doctor: Doctor
  readonly why: Why
  readonly service: Service
  readonly accounts: Accounts
  readonly keychain: Keychain
  readonly preferences: Preferences
  readonly notices: Notices
  readonly report: Report
  readonly about: Look<AboutView>
  readonly home: Look<HomeView>
  readonly security: Security
  readonly activity: Activity
  signingOut = $state(false) // the person is asked whether to
  adding = $state(false) // an account beside the one there is, or in place of one that ended
  shortcuts = $state(false) // their list is shown

  constructor(readonly backend: Backend) {
    this.session = new Session(backend)
    this.signIn = new SignIn(backend, this.session)
    this.start = new Start(backend, this.session)
    this.nav = new Nav(() => this.session.signedIn)
    this.tokens = new Tokens(backend, () => this.clock.now)
    this.tools = new Tools(backend)
    this.toolbox = new Toolbox(backend)
    this.doctor = new Doctor(backend)
    this.why = new Why(backend)
    this.service = new Service(backend)
    this.accounts = new Accounts(backend, this.session)
    this.keychain = new Keychain(backend)
    this.preferences = new Preferences(backend, this.words)
    this.notices = new Notices(backend)
    this.report = new Report(backend, this.session)
    this.about = new Look(() => backend.Settings.About())
    this.home = new Look(() => backend.Home.Look())
    this.security = new Security(backend)
    this.activity = new Activity(backend)
  }

  // open begins to listen and looks; the returned function ends it.
  open(): () => void {
    const again = (...those: { refresh(): Promise<void> }[]) => those.map((one) => () => one.refresh())
    const ends = [
      this.session.listen(),
      this.signIn.listen(),
      this.start.listen(),
      this.tokens.listen(),
      this.clock.start(),
      this.notices.listen((place) => this.nav.go(place)),
      live(this.backend, {
        tokens: again(this.tokens, this.session),
        activity: again(this.activity, this.security),
        sessions: again(this.session, this.security),
        tools: again(this.tools, this.toolbox, this.doctor),
        uses: again(this.home),
        service: again(this.service),
        accounts: again(this.accounts),
        keychain: again(this.keychain),
        settings: again(this.preferences),
      }),
    ]
    void this.session.load()
    void this.preferences.load()
    void this.notices.load()
    void this.accounts.load()
    return () => ends.forEach((end) => end())
  }

  // forget empties what belonged to another account.
  forget() {
    this.tokens.clear()
    this.tools.clear()
    this.toolbox.clear()
    this.doctor.clear()
    this.home.clear()
    this.security.clear()
    this.activity.clear()
    void this.accounts.load()
    void this.notices.load()
  }

  // refresh is the person asking: what is shown is looked at again.
  async refresh() {
    await this.session.load()
    const shown: Partial<Record<Place, () => Promise<void>>> = {
      home: async () => {
        if (this.session.signedIn) await Promise.all([this.tools.load(), this.home.load()])
      },
      tools: async () => void (await Promise.all([this.toolbox.load(), this.doctor.load()])),
      tokens: () => this.tokens.load(),
      security: () => this.security.load(),
      activity: () => this.activity.load(),
      accounts: () => this.accounts.load(),
      service: () => this.service.load(),
      keychain: () => this.keychain.load(),
    }
    await shown[this.nav.at]?.()
  }

  copy = (text: string) => this.backend.Window.Copy(text)
}

const place = Symbol('desk')

export function provideDesk(desk: Desk): Desk {
  return setContext(place, desk)
}

// useDesk is for a component's start.
export function useDesk(): Desk {
  return getContext<Desk>(place)
}
