import type { Backend, Fresh, NewToken, Token } from './backend'
import { Work } from './work.svelte'

// Tokens are the account's personal access tokens. A new secret lies in fresh
// and nowhere else, until forget.
export class Tokens extends Work {
  list = $state<Token[]>([])
  active = $state(0)
  deactivated = $state(0)
  loaded = $state(false)
  fresh = $state<Fresh | null>(null)
  copied = $state(false) // the fresh secret was
  #backend: Backend
  #generation = 0 // of the account whose tokens these are

  constructor(backend: Backend) {
    super()
    this.#backend = backend
  }

  async load() {
    await this.run('load', () => this.#reload())
  }

  // refresh is for a change that was made elsewhere.
  async refresh() {
    if (this.loaded) await this.quiet(() => this.#reload())
  }

  async #reload() {
    const generation = this.#generation
    const got = await this.#backend.Tokens.List()
    if (generation !== this.#generation) return
    this.list = got.tokens
    this.active = got.active
    this.deactivated = got.deactivated
    this.loaded = true
  }

  // create makes a token; its secret is in fresh. False if it failed.
  async create(wanted: NewToken): Promise<boolean> {
    const made = await this.run('create', () => this.#backend.Tokens.Create(wanted))
    if (!made) return false
    this.fresh = made
    this.copied = false
    await this.load()
    return true
  }

  async copySecret() {
    const fresh = this.fresh
    if (!fresh) return
    await this.#backend.Window.CopySecret(fresh.secret)
    this.copied = true
  }

  // holds says to the window whether closing it would lose the secret. It is
  // asked without waiting: nothing here depends on the answer.
  holds(secret: boolean) {
    this.#backend.Window.Holds(secret).catch(() => undefined)
  }

  // onClosing: somebody wants to close the window while it holds one.
  onClosing(heard: () => void): () => void {
    return this.#backend.on('closing', () => {
      this.holds(true) // it asks once for each time that it is told so
      heard()
    })
  }

  // forget drops the secret for good.
  forget() {
    this.fresh = null
    this.copied = false
  }

  async rename(id: string, description: string): Promise<boolean> {
    return this.#change('rename', () => this.#backend.Tokens.Edit(id, { description, scope: '' }))
  }

  async setActive(id: string, active: boolean): Promise<boolean> {
    return this.#change('set_active', () => this.#backend.Tokens.SetActive([id], active))
  }

  async delete(id: string): Promise<boolean> {
    return this.#change('delete', () => this.#backend.Tokens.Delete([id]))
  }

  // The list is asked for again after each change: it says what the service
  // made of it, for the other tokens too.
  async #change(what: string, doing: () => Promise<unknown>): Promise<boolean> {
    const done = await this.run(what, async () => {
      await doing()
      return true
    })
    if (!done) return false
    await this.load()
    return true
  }

  // clear empties everything: another account, or none.
  clear() {
    this.#generation++
    this.list = []
    this.active = 0
    this.deactivated = 0
    this.loaded = false
    this.error = null
    this.forget()
  }
}
