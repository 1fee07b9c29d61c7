import type { Words } from '../words/words.svelte'
import type { Backend, Preferences as View } from './contract'
import { Look } from './look.svelte'
import { stepped } from './zoom'

// Preferences are how the person wants the window.
export class Preferences extends Look<View> {
  #backend: Backend
  #words: Words
  #turn: Promise<void> = Promise.resolve()
  #zooming: number | null = null // where keys that are pressed quickly have come to

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

  // zoom draws the page one step larger or smaller, or as it is, where the window can.
  zoom(step: 'larger' | 'smaller' | 'plain') {
    const view = this.view
    if (!view?.zoomAvailable) return
    const zoom = step === 'plain' ? 100 : stepped(this.#zooming ?? view.zoom, step === 'larger')
    this.#zooming = zoom
    void this.set({ zoom }).then(() => {
      if (this.#zooming === zoom) this.#zooming = null
    })
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
