import { untrack } from 'svelte'
import { asError, type AppError } from './backend'

// Work is one thing at a time with an outcome: what is being done, and what
// went wrong last. The state classes are made of it.
export class Work {
  busy = $state('') // what is being done; '' = nothing
  error = $state<AppError | null>(null)

  // run does one thing; undefined if it failed (error says how) or if another
  // is still being done.
  protected async run<T>(what: string, doing: () => Promise<T>): Promise<T | undefined> {
    // Who starts work from an effect does not want to run again when it ends.
    const busy = () => untrack(() => this.busy)
    // What a person asks for waits for a look that is under way, and is not lost.
    while (busy() === 'load' && what !== 'load') await this.#looking
    if (busy()) return undefined
    this.busy = what
    this.error = null
    let looked = () => {}
    if (what === 'load') this.#looking = new Promise((done) => (looked = done))
    try {
      return await doing()
    } catch (reason) {
      this.error = asError(reason)
      return undefined
    } finally {
      this.busy = ''
      looked()
    }
  }

  #looking: Promise<void> | undefined // until a load has ended
  #quiet = false
  #again = false

  // quiet does what nobody pressed a button for: without a sign of work, and a
  // failure leaves what is known. Asked for while it is under way, it is done
  // once more.
  protected async quiet(doing: () => Promise<unknown>) {
    if (this.#quiet) {
      this.#again = true
      return
    }
    this.#quiet = true
    try {
      do {
        this.#again = false
        await doing()
      } while (this.#again)
    } catch {
      // the next change, or the person, asks again
    } finally {
      this.#quiet = false
    }
  }
}
