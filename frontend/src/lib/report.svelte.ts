import type { Backend } from './contract'
import type { Session } from './session.svelte'
import { Work } from './work.svelte'

// Report is what helps to find a fault, and the way back to the beginning.
export class Report extends Work {
  text = $state('')
  saved = $state('') // the file
  reset = $state<number | null>(null) // accounts that the last reset signed out
  #backend: Backend
  #session: Session

  constructor(backend: Backend, session: Session) {
    super()
    this.#backend = backend
    this.#session = session
  }

  async make() {
    this.saved = ''
    const made = await this.run('report', () => this.#backend.Settings.Report())
    if (made) this.text = made.text
  }

  async save() {
    this.saved = ''
    const saved = await this.run('save', () => this.#backend.Settings.SaveReport())
    if (saved) this.saved = saved.file
  }

  // resetAll signs out of everything and removes the settings. False if it failed.
  async resetAll(): Promise<boolean> {
    const receipts = await this.run('reset', async () => {
      const receipts = await this.#backend.Settings.Reset()
      await this.#session.load()
      return receipts
    })
    if (!receipts) return false
    this.reset = receipts.length
    this.text = ''
    return true
  }
}
