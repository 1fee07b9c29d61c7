import type { AccountView, Backend, Receipt } from './contract'
import { Look } from './look.svelte'
import type { Session } from './session.svelte'

// Accounts are all that this computer is signed in with.
export class Accounts extends Look<AccountView[]> {
  removed = $state('') // the name of the last that was taken away
  #backend: Backend
  #session: Session

  constructor(backend: Backend, session: Session) {
    super(() => backend.Accounts.List())
    this.#backend = backend
    this.#session = session
  }

  get list(): AccountView[] {
    return this.view ?? []
  }

  get others(): AccountView[] {
    return this.list.filter((one) => !one.active)
  }

  async switch(id: string): Promise<boolean> {
    return this.take('switch', async () => {
      this.#session.learn(await this.#backend.Accounts.Switch(id))
      return this.#backend.Accounts.List()
    })
  }

  async remove(account: AccountView): Promise<Receipt | undefined> {
    this.removed = ''
    const receipt = await this.run('remove', () => this.#backend.Accounts.Remove(account.id))
    if (!receipt) return undefined
    this.removed = account.name
    await this.refresh()
    return receipt
  }
}
