import type { Backend } from './backend'

// Clip is a secret that was copied: how long the clipboard keeps it, and what
// became of it.
export class Clip {
  until = $state('') // when it is cleared; '' nothing of ours lies there
  shown = $state(false) // it is the secret that is shown, and not one before
  ended = $state<'' | 'cleared' | 'other'>('') // other: something else was copied since
  #backend: Backend

  constructor(backend: Backend) {
    this.#backend = backend
  }

  listen(): () => void {
    return this.#backend.on('clipboard', ({ cleared }) => {
      this.until = ''
      this.ended = cleared ? 'cleared' : 'other'
    })
  }

  async copy(secret: string) {
    const { clears } = await this.#backend.Window.CopySecret(secret)
    this.until = clears
    this.shown = true
    this.ended = ''
  }

  // clear is the person not waiting for it.
  async clear() {
    await this.#backend.Window.ClearClipboard()
  }

  // forget: the secret is not shown any more. It may lie there a while longer.
  forget() {
    this.shown = false
    if (!this.until) this.ended = ''
  }
}
