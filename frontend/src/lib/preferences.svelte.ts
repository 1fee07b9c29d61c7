import type { Words } from '../words/words.svelte'
import type { Backend, Preferences as View } from './contract'
import { Look } from './look.svelte'

// Preferences are how the person wants the window.
export class Preferences extends Look<View> {
  #backend: Backend
  #words: Words
  #turn: Promise<void> = Promise.resolve()

  constructor(backend: Backend, words: Words) {
    super(() => backend.Settings.Get())
    this.#backend = backend
    this.#words = words
  }

  // set changes some of them, one change after the other: none is lost while
  // another is written. What cannot be written is shown as it was.
  set(change: Partial<View>): Promise<void> {
    this.#turn = this.#turn.then(() => this.#set(change))
    return this.#turn
  }

  async #set(change: Partial<View>) {
    const view = this.view
    if (!view) return
    await this.take('set', () => this.#backend.Settings.Set({ ...view, ...change }))
  }

  // wear puts the page into its colours and language.
  wear(root: HTMLElement) {
    const theme = this.view?.theme ?? 'system'
    if (theme === 'system') delete root.dataset.theme
    else root.dataset.theme = theme
    this.#words.choose(this.view?.language ?? '')
    root.lang = this.#words.language
  }
}
