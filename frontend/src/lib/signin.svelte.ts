import { asError, type AppError, type Backend, type Prompt } from './backend'
import { count } from './format'
import type { Session } from './session.svelte'

export type Where = 'own' | 'other' | 'hub' | 'any'

// SignIn is one sign-in after the other: where to, and what the person is
// waited for. Everything after the start happens in Go.
export class SignIn {
  where = $state<Where>('own')
  address = $state('')
  done = $state(false) // signed in just now, and what was stored and set up is still to be shown
  running = $state(false)
  cancelling = $state(false)
  device = $state(false)
  prompt = $state<Prompt | null>(null)
  error = $state<AppError | null>(null)
  now = $state(new Date())
  #renewing = false
  #backend: Backend
  #session: Session
  #time: () => Date

  constructor(backend: Backend, session: Session, time: () => Date = () => new Date()) {
    this.#backend = backend
    this.#session = session
    this.#time = time
  }

  // listen follows the prompts until the returned function is called.
  listen(): () => void {
    return this.#backend.on('signin', (prompt) => {
      if (!this.running) return
      this.now = this.#time()
      this.prompt = prompt
    })
  }

  // over: the link or code no longer holds.
  get over(): boolean {
    return this.prompt !== null && this.prompt.expires !== '' && count(this.prompt.expires, this.now) === null
  }

  async start(device: boolean) {
    if (this.running) return
    this.running = true
    this.cancelling = false
    this.device = device
    this.prompt = null
    this.error = null
    const tick = setInterval(() => (this.now = this.#time()), 1000)
    try {
      this.#session.learn(await this.#backend.Session.SignIn(this.#server, device))
      this.done = !this.#renewing
    } catch (reason) {
      const error = asError(reason)
      // Who cancels knows it.
      this.error = error.code === 'cancelled' ? null : error
    } finally {
      clearInterval(tick)
      this.running = false
      this.cancelling = false
      this.prompt = null
    }
  }

  get #server(): string {
    if (this.where === 'own') return ''
    return this.where === 'hub' ? 'docker-hub' : this.address.trim()
  }

  // again signs in where an account was before.
  async again(server: string, own: boolean) {
    this.where = own ? 'own' : server === 'docker.io' ? 'hub' : 'other'
    this.address = this.where === 'other' ? server : ''
    this.#renewing = true
    await this.start(false)
    this.#renewing = false
  }

  dismiss() {
    this.done = false
  }

  async cancel() {
    this.cancelling = true
    await this.ask(() => this.#backend.Session.Cancel())
  }

  async openAgain() {
    await this.ask(() => this.#backend.Session.OpenAgain())
  }

  private async ask(doing: () => Promise<void>) {
    this.error = null
    try {
      await doing()
    } catch (reason) {
      this.cancelling = false
      this.error = asError(reason)
    }
  }
}
