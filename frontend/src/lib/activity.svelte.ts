import type { Act, ActKind, Backend } from './backend'
import { Work } from './work.svelte'

// Activity is what happened to the account, the newest first, as far as it was
// asked for.
export class Activity extends Work {
  events = $state.raw<Act[] | null>(null) // null: not known yet
  more = $state(false)
  kind = $state<ActKind>('')
  exported = $state<{ file: string; count: number } | null>(null)
  #backend: Backend
  #generation = 0 // of the account and kind that is asked for

  constructor(backend: Backend) {
    super()
    this.#backend = backend
  }

  async load() {
    await this.run('load', () => this.#latest())
  }

  // refresh is for what happened since; what is shown of older days stays.
  async refresh() {
    if (this.events !== null) await this.quiet(() => this.#latest())
  }

  async #latest() {
    const generation = this.#generation
    const got = await this.#backend.Activity.List({ kind: this.kind, before: '' })
    if (generation !== this.#generation) return
    const known = this.events ?? []
    const last = got.events.at(-1)
    const from = known.findIndex((one) => one.id === last?.id)
    if (from < 0 || !got.more) {
      this.events = got.events
      this.more = got.more
    } else this.events = [...got.events, ...known.slice(from + 1)]
  }

  async older() {
    const last = this.events?.at(-1)
    if (!last) return
    await this.run('older', async () => {
      const generation = this.#generation
      const got = await this.#backend.Activity.List({ kind: this.kind, before: last.id })
      if (generation !== this.#generation) return
      const known = new Set(this.events?.map((one) => one.id))
      this.events = [...(this.events ?? []), ...got.events.filter((one) => !known.has(one.id))]
      this.more = got.more
    })
  }

  // show turns to one kind of event.
  async show(kind: ActKind) {
    this.#generation++
    this.kind = kind
    this.events = null
    this.more = false
    this.error = null
    await this.quiet(async () => {
      await this.#latest()
    })
    if (this.events === null) await this.load()
  }

  async export() {
    this.exported = null
    const saved = await this.run('export', () => this.#backend.Activity.Export())
    if (saved?.file) this.exported = saved
  }

  clear() {
    this.#generation++
    this.kind = ''
    this.events = null
    this.more = false
    this.exported = null
    this.error = null
  }
}
