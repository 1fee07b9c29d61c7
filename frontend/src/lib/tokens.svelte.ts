import type { Backend, Fresh, NewToken, Scope, Token, WhichToken } from './backend'
import { Clip } from './clip.svelte'
import { TokenDetails } from './token-details.svelte'
import { TokenTable } from './token-table.svelte'
import { Work } from './work.svelte'

// Tokens are the account's personal access tokens. A new secret lies in fresh
// and nowhere else, until forget.
export class Tokens extends Work {
  list = $state.raw<Token[]>([])
  active = $state(0)
  deactivated = $state(0)
  loaded = $state(false)
  asOf = $state('') // when the list was last told
  fresh = $state.raw<Fresh | null>(null)
  copied = $state(false) // the fresh secret was, or saved to a file
  file = $state('') // where to
  readonly table: TokenTable
  readonly details: TokenDetails
  readonly clip: Clip
  #backend: Backend
  #now: () => Date
  #copying: Promise<void> = Promise.resolve() // until the last copy has been made, or has failed
  #generation = 0 // of the account whose tokens these are

  constructor(backend: Backend, now: () => Date = () => new Date()) {
    super()
    this.#backend = backend
    this.#now = now
    this.table = new TokenTable(() => this.list, now)
    this.details = new TokenDetails(backend)
    this.clip = new Clip(backend)
  }

  // listen follows the clipboard until the returned function is called.
  listen(): () => void {
    return this.clip.listen()
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
    this.asOf = this.#now().toISOString()
    this.table.keep(got.tokens)
    void this.details.load()
  }

  // create makes a token; its secret is in fresh. False if it failed.
  async create(wanted: NewToken): Promise<boolean> {
    return this.#new('create', () => this.#backend.Tokens.Create(wanted))
  }

  // rotate gives a token another secret, which is in fresh; the one before
  // holds for so many hours more.
  async rotate(id: string, overlapHours: number): Promise<boolean> {
    return this.#new('rotate', () => this.#backend.Tokens.Rotate(id, overlapHours))
  }

  async #new(what: string, making: () => Promise<Fresh>): Promise<boolean> {
    const made = await this.run(what, making)
    if (!made) return false
    this.forget()
    this.fresh = made
    await this.load()
    return true
  }

  async copySecret() {
    const copying = this.#copy()
    this.#copying = copying.catch(() => undefined)
    await copying
  }

  async #copy() {
    const fresh = this.fresh
    if (!fresh) return
    await this.clip.copy(fresh.secret)
    if (fresh === this.fresh) this.copied = true
  }

  // leave forgets the secret if it was copied, or is just being copied. False:
  // it was not.
  async leave(): Promise<boolean> {
    await this.#copying
    if (this.copied) this.forget()
    return this.fresh === null
  }

  // saveSecret writes it to a file; Go asks where.
  async saveSecret() {
    const fresh = this.fresh
    if (!fresh) return
    const saved = await this.run('save', () => this.#backend.Tokens.SaveSecret(fresh.secret))
    if (!saved?.file) return
    this.file = saved.file
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
    this.file = ''
    this.error = null
    this.clip.forget()
  }

  // which says whose secret that is; it is kept nowhere.
  async which(secret: string): Promise<WhichToken | undefined> {
    return this.run('which', () => this.#backend.Tokens.Which(secret))
  }

  // edit gives a token another description and, unless scope is '', other
  // access permissions.
  async edit(id: string, description: string, scope: Scope | ''): Promise<boolean> {
    return this.#change('edit', () => this.#backend.Tokens.Edit(id, { description, scope }))
  }

  async pin(id: string, pinned: boolean): Promise<boolean> {
    return this.#change('pin', () => this.#backend.Tokens.Pin(id, pinned))
  }

  async setActive(ids: string | string[], active: boolean): Promise<boolean> {
    return this.#change('set_active', () => this.#backend.Tokens.SetActive([ids].flat(), active))
  }

  async delete(ids: string | string[]): Promise<boolean> {
    const done = await this.#change('delete', () => this.#backend.Tokens.Delete([ids].flat()))
    if (done && [ids].flat().includes(this.details.id)) this.details.close()
    return done
  }

  openPage = () => this.#backend.Window.OpenTokenPage()

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
    this.asOf = ''
    this.table.clear()
    this.details.close()
    this.forget()
  }
}
