import type { Backend, ServiceStatus } from './contract'
import { Look } from './look.svelte'

// Service is this computer's own account service and registry.
export class Service extends Look<ServiceStatus> {
  saved = $state('') // the file of the last backup
  #backend: Backend

  constructor(backend: Backend) {
    super(() => backend.Service.Status())
    this.#backend = backend
  }

  get status(): ServiceStatus | null {
    return this.view
  }

  async start() {
    await this.take('start', () => this.#backend.Service.Start())
  }

  async stop() {
    await this.take('stop', () => this.#backend.Service.Stop())
  }

  async atLogin(wanted: boolean) {
    await this.take('at_login', () =>
      wanted ? this.#backend.Service.Install() : this.#backend.Service.Uninstall(),
    )
  }

  async backup() {
    this.saved = ''
    const saved = await this.run('backup', () => this.#backend.Service.Backup())
    if (!saved?.file) return
    this.saved = saved.file
    await this.refresh()
  }

  async openFolder() {
    await this.run('folder', () => this.#backend.Service.OpenFolder())
  }
}
