import type { Backend, KeychainView } from './contract'
import { Look } from './look.svelte'

// Keychain is where the secrets of this computer are kept.
export class Keychain extends Look<KeychainView> {
  #backend: Backend

  constructor(backend: Backend) {
    super(() => backend.Keychain.Look())
    this.#backend = backend
  }

  unlock = () => this.take('unlock', () => this.#backend.Keychain.Unlock())
  unlockFile = (passphrase: string) =>
    this.take('unlock', () => this.#backend.Keychain.UnlockFile(passphrase))
  lock = () => this.take('lock', () => this.#backend.Keychain.Lock())
  use = (store: 'system' | 'file', passphrase = '') =>
    this.take('use', () => this.#backend.Keychain.Use(store, passphrase))
}
