import type { Backend, Receipt, SessionView } from './backend'
import { Work } from './work.svelte'

// Session is who is signed in on this computer, and what became of it.
export class Session extends Work {
  view = $state<SessionView | null>(null) // null: not known yet
  receipt = $state<Receipt | null>(null) // of the last sign-out, until it was read
  closeNotice = $state(false) // say once that closing leaves everything at work
  #backend: Backend
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
    this.view = view
  }

  // signedIn: there is an account here whose data can be shown.
  get signedIn(): boolean {
    const state = this.view?.state
    return state === 'active' || state === 'offline' || state === 'replaced' || state === 'deactivated'
  }

  // key tells one account from another.
  get key(): string {
    return this.signedIn ? `${this.view?.account} ${this.view?.server}` : ''
  }

  async load() {
    await this.run('load', async () => {
      const news = this.#news
      const view = await this.#backend.Session.Current()
      if (news === this.#news) this.learn(view)
    })
  }

  async retake() {
    await this.run('retake', async () => this.learn(await this.#backend.Session.Retake()))
  }

  async signOut() {
    await this.run('sign_out', async () => {
      this.receipt = await this.#backend.Session.SignOut()
      this.learn(await this.#backend.Session.Current())
    })
  }

  dismissReceipt() {
    this.receipt = null
  }

  async askCloseNotice() {
    // A notice that cannot be had is not worth an error.
    this.closeNotice = await this.#backend.Window.CloseNotice().catch(() => false)
  }

  dismissCloseNotice() {
    this.closeNotice = false
  }
}
