import type { Backend, ServiceStatus } from './backend'
import { Work } from './work.svelte'

// Service is this computer's own account service and registry.
export class Service extends Work {
  status = $state<ServiceStatus | null>(null)
  #backend: Backend

  constructor(backend: Backend) {
    super()
    this.#backend = backend
  }

  async load() {
    await this.#ask('load', () => this.#backend.Service.Status())
  }

  async start() {
    await this.#ask('start', () => this.#backend.Service.Start())
  }

  async stop() {
    await this.#ask('stop', () => this.#backend.Service.Stop())
  }

  async #ask(what: string, doing: () => Promise<ServiceStatus>) {
    const status = await this.run(what, doing)
    if (status) this.status = status
  }
}
