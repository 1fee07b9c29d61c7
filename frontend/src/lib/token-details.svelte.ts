import { asError, type AppError, type Backend, type TokenDetail } from './backend'

// TokenDetails is the token that the side pane shows. Another one may be opened
// before the one before has come.
export class TokenDetails {
  id = $state('') // '' the pane is closed
  view = $state.raw<TokenDetail | null>(null)
  error = $state<AppError | null>(null)
  #backend: Backend
  #asked = 0

  constructor(backend: Backend) {
    this.#backend = backend
  }

  async open(id: string) {
    if (this.id === id) return
    this.id = id
    this.view = null
    await this.load()
  }

  async load() {
    if (!this.id) return
    const asked = ++this.#asked
    try {
      const view = await this.#backend.Tokens.Show(this.id)
      if (asked !== this.#asked) return
      this.view = view
      this.error = null
    } catch (reason) {
      if (asked === this.#asked) this.error = asError(reason)
    }
  }

  close() {
    this.#asked++
    this.id = ''
    this.view = null
    this.error = null
  }
}
