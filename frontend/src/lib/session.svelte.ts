import type { Backend, Receipt, SessionView } from './backend'
import { Work } from './work.svelte'

// Session is who is signed in on this computer, and what became of it.
export class Session extends Work {
  view = $state<SessionView | null>(null) // null: not known yet
  receipt = $state<Receipt | null>(null) // of the last sign-out, until it was read
  #backend: Backend
  #later: SessionView[] | null = null // heard during a sign-out
  #news = 0 // counts what was learnt, so that an older answer does not hide a newer event

  constructor(backend: Backend) {
    super()
    this.#backend = backend
  }

  // listen follows the events until the returned function is called.
  listen(): () => void {
    return this.#backend.on('session', (view) => this.learn(view))
  }

  learn(view: SessionView) {
    this.#news++
    if (this.#later) {
      this.#later.push(view)
      return
    }
    this.view = view
  }

  // signedIn: there is an account here whose data can be shown.
  get signedIn(): boolean {
    const state = this.view?.state
    return state === 'active' || state === 'offline' || state === 'replaced' || state === 'deactivated'
  }

  // key tells one account from another. A keychain that does not open for a
  // moment makes nobody another.
  get key(): string {
    const { state, account, server } = this.view ?? {}
    const shut = state === 'keychain_locked' || state === 'keychain_missing'
    return this.signedIn || (shut && account) ? `${account} ${server}` : ''
  }

  async load() {
    await this.run('load', async () => {
      const news = this.#news
      const view = await this.#backend.Session.Current()
      if (news === this.#news) this.learn(view)
    })
  }

  // refresh looks again without a sign of it.
  async refresh() {
    await this.quiet(async () => this.learn(await this.#backend.Session.Current()))
  }

  async retake() {
    await this.run('retake', async () => this.learn(await this.#backend.Session.Retake()))
  }

  // signOut has its receipt shown before the window turns to signing in, so
  // what is heard meanwhile waits.
  async signOut(everywhere = false) {
    await this.run('sign_out', async () => {
      this.#later = []
      try {
        this.receipt = await this.#backend.Session.SignOut(everywhere)
      } finally {
        const view = this.#later.pop()
        this.#later = null
        if (view) this.learn(view)
      }
      if (this.signedIn) this.learn(await this.#backend.Session.Current())
    })
  }

  dismissReceipt() {
    this.receipt = null
  }
}
