import type { Backend, Finding, ToolView, ToolsPlan, WhyView } from './contract'
import { Look } from './look.svelte'
import { Work } from './work.svelte'

// Toolbox is each container tool by itself: who answers for it, and what
// setting it up would change.
export class Toolbox extends Look<ToolView[]> {
  plan = $state<{ tool: string; plan: ToolsPlan } | null>(null) // shown before anything is written
  mayCopy = $state(false)
  undone = $state('') // what undo did, in Go's words
  #backend: Backend

  constructor(backend: Backend) {
    super(() => backend.Tools.List())
    this.#backend = backend
  }

  get found(): ToolView[] {
    return (this.view ?? []).filter((tool) => tool.found)
  }

  get absent(): string[] {
    return (this.view ?? []).filter((tool) => !tool.found).map((tool) => tool.name)
  }

  async preview(tool: string) {
    this.undone = ''
    this.mayCopy = false
    const plan = await this.run('plan', () => this.#backend.Tools.PlanTool(tool))
    if (plan) this.plan = { tool, plan }
  }

  dismiss() {
    this.plan = null
    this.error = null
  }

  // apply does what the plan shows: another helper in it gives way.
  async apply() {
    const { plan } = this
    if (!plan) return
    const done = await this.take('apply', () => this.#backend.Tools.SetUpTool(plan.tool, this.mayCopy, true))
    if (done) this.plan = null
  }

  async undo(tool: string) {
    this.undone = ''
    const undone = await this.run('undo', () => this.#backend.Tools.UndoTool(tool))
    if (!undone) return
    this.undone = undone.summary
    await this.refresh()
  }
}

// Doctor is what is wrong with the tools and their files.
export class Doctor extends Look<Finding[]> {
  fixing = $state('') // the finding
  outcome = $state<'' | 'fixed' | 'not_fixed'>('')
  #backend: Backend

  constructor(backend: Backend) {
    super(() => backend.Tools.Doctor())
    this.#backend = backend
  }

  async fix(id: string) {
    this.fixing = id
    this.outcome = ''
    // By the answer itself: a look that began when the file changed may hide it from view.
    let left: Finding[] = []
    const done = await this.take('fix', async () => (left = await this.#backend.Tools.Fix(id)))
    this.fixing = ''
    if (done) this.outcome = left.some((one) => one.id === id) ? 'not_fixed' : 'fixed'
  }
}

// Why explains what became of a pull.
export class Why extends Work {
  image = $state('')
  tool = $state('docker')
  view = $state.raw<WhyView | null>(null)
  #backend: Backend

  constructor(backend: Backend) {
    super()
    this.#backend = backend
  }

  async ask() {
    this.view = null
    const view = await this.run('why', () => this.#backend.Tools.Why(this.image.trim(), this.tool))
    if (view) this.view = view
  }
}
