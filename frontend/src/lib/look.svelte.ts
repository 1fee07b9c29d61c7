import { Work } from './work.svelte'

// Look is something that Go is asked for as a whole, and what is done to it
// with the whole as the answer.
export class Look<T> extends Work {
  view = $state.raw<T | null>(null) // null: not known yet
  #ask: () => Promise<T>
  #news = 0 // counts what was learnt, so that an older answer does not hide a newer one

  constructor(ask: () => Promise<T>) {
    super()
    this.#ask = ask
  }

  async load() {
    await this.take('load', this.#ask)
  }

  // refresh is for a change that was made elsewhere; who has not looked yet
  // need not look again.
  async refresh() {
    if (this.view !== null) await this.quiet(() => this.#learn(this.#ask))
  }

  // take does something and keeps the answer. False if it failed.
  protected async take(what: string, doing: () => Promise<T>): Promise<boolean> {
    const done = await this.run(what, async () => {
      await this.#learn(doing)
      return true
    })
    return done ?? false
  }

  async #learn(doing: () => Promise<T>) {
    const news = ++this.#news
    const view = await doing()
    if (news === this.#news) this.view = view
  }

  clear() {
    this.#news++
    this.view = null
    this.error = null
  }
}
