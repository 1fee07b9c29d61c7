import type { Backend, Check, Pasted, SelfTest, ServerProbe } from './contract'
import { Look } from './look.svelte'
import type { Session } from './session.svelte'
import { Work } from './work.svelte'

// Probe is what answers at the address that is being written.
export class Probe {
  view = $state.raw<ServerProbe | null>(null)
  asking = $state('') // the address
  #backend: Backend
  #timer: ReturnType<typeof setTimeout> | undefined
  #asked = 0

  constructor(backend: Backend) {
    this.#backend = backend
  }

  // look asks once the person has paused; what is no address yet is not asked.
  look(address: string) {
    clearTimeout(this.#timer)
    const asked = ++this.#asked
    this.asking = ''
    this.view = null
    const text = address.trim()
    if (!/^(https?:\/\/)?[\w-]+(\.[\w-]+)+|localhost/i.test(text)) return
    this.#timer = setTimeout(async () => {
      this.asking = text
      const view = await this.#backend.Start.Probe(text).catch(() => null)
      if (asked !== this.#asked) return
      this.asking = ''
      this.view = view
    }, 400)
  }
}

// Start is the other ways in, and what is looked at before and after a sign-in.
export class Start extends Work {
  readonly preflight: Look<Check[]>
  readonly probe: Probe
  host = $state('') // of the registry that a token is pasted for
  factor = $state(false) // Docker Hub asked for a second factor
  pasted = $state<Pasted | null>(null) // just now
  test = $state<SelfTest | null>(null)
  #backend: Backend
  #session: Session

  constructor(backend: Backend, session: Session) {
    super()
    this.#backend = backend
    this.#session = session
    this.preflight = new Look(() => backend.Start.Preflight())
    this.probe = new Probe(backend)
  }

  listen(): () => void {
    return this.#backend.on('selftest', (test) => {
      // One event may overtake another: what has ended does not go on.
      if (this.test && !this.test.done) this.test = test
    })
  }

  // password is a sign-in at Docker Hub by name and password. False if it
  // failed, or if a second factor is asked for.
  async password(username: string, password: string, code: string): Promise<boolean> {
    const view = await this.run('password', () => this.#backend.Start.HubPassword(username, password, code))
    if (view) {
      this.factor = false
      this.#session.learn(view)
      return true
    }
    if (this.error?.code === 'second_factor') {
      this.factor = true
      this.error = null
    }
    return false
  }

  async paste(wanted: Parameters<Backend['Start']['Paste']>[0]): Promise<boolean> {
    const pasted = await this.run('paste', () => this.#backend.Start.Paste(wanted))
    if (!pasted) return false
    this.pasted = pasted
    await this.#session.load()
    return true
  }

  async selfTest() {
    this.test = { steps: [], done: false, ok: false }
    const begun = await this.run('selftest', async () => {
      await this.#backend.Start.SelfTest()
      return true
    })
    if (!begun) this.test = null
  }

  clear() {
    this.factor = false
    this.pasted = null
    this.test = null
    this.error = null
  }
}
