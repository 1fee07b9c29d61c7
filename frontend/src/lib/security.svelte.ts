import type { Backend, SecurityView } from './contract'
import { Look } from './look.svelte'

// Security is where the account is signed in, and who tried to.
export class Security extends Look<SecurityView> {
  ended = $state<number | null>(null) // sessions that were ended last
  #backend: Backend

  constructor(backend: Backend) {
    super(() => backend.Security.Look())
    this.#backend = backend
  }

  async end(id: string): Promise<boolean> {
    return this.#after('end', async () => {
      await this.#backend.Security.End(id)
      return 1
    })
  }

  async endOthers(): Promise<boolean> {
    return this.#after('end_others', async () => (await this.#backend.Security.EndOthers()).ended)
  }

  async #after(what: string, ending: () => Promise<number>): Promise<boolean> {
    this.ended = null
    const ended = await this.run(what, ending)
    if (ended === undefined) return false
    this.ended = ended
    await this.refresh()
    return true
  }

  // openPage opens the account's page in the browser.
  async openPage() {
    await this.run('page', () => this.#backend.Security.OpenPage())
  }

  override clear() {
    super.clear()
    this.ended = null
  }
}
