import type { Backend, ToolsPlan, ToolsStatus } from './backend'
import { Work } from './work.svelte'

// Tools are the container tools of this computer: whether they are set up to
// ask Lanyard, and what would change.
export class Tools extends Work {
  status = $state<ToolsStatus | null>(null)
  plan = $state<ToolsPlan | null>(null) // shown before anything is written
  mayCopy = $state(false) // the person agrees to the plan's offer
  #replace = false // what the plan shows: another credential helper gives way
  setUpIn = $state('') // the file, after apply
  undone = $state('') // what undo did, in Go's words
  #asked = 0 // counts plans that were wanted: one that comes after it was dismissed is not shown
  #backend: Backend

  constructor(backend: Backend) {
    super()
    this.#backend = backend
  }

  async load() {
    await this.run('load', async () => {
      this.status = await this.#backend.Tools.Status()
    })
  }

  #said() {
    this.setUpIn = this.undone = ''
  }

  // refresh is for a change that was made elsewhere.
  async refresh() {
    if (this.status)
      await this.quiet(async () => {
        this.status = await this.#backend.Tools.Status()
      })
  }

  // preview shows the plan. Where another credential helper is set it is an
  // error, other_helper, unless that may be replaced.
  async preview(replace = false) {
    this.#said()
    await this.run('plan', async () => {
      const asked = ++this.#asked
      this.mayCopy = false
      const plan = await this.#backend.Tools.Plan(replace)
      if (asked !== this.#asked) return
      this.plan = plan
      this.#replace = replace
    })
  }

  dismiss() {
    this.#asked++
    this.plan = null
    this.error = null
  }

  async apply() {
    await this.run('apply', async () => {
      this.status = await this.#backend.Tools.Apply(this.mayCopy, this.#replace)
      this.plan = null
      this.setUpIn = this.status.file
    })
  }

  async undo() {
    this.#said()
    const undone = await this.run('undo', () => this.#backend.Tools.Undo())
    if (!undone) return
    this.plan = null
    await this.load()
    this.undone = undone.summary
  }

  // clear forgets what was shown to another account.
  clear() {
    this.#asked++
    this.status = null
    this.plan = null
    this.error = null
    this.#said()
  }
}
