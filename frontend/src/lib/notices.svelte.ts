import type { Backend, NoticeView } from './contract'
import { Look } from './look.svelte'

// Notices are what was, or would be, told on the desktop.
export class Notices extends Look<NoticeView[]> {
  #backend: Backend

  constructor(backend: Backend) {
    super(() => backend.Settings.Notices())
    this.#backend = backend
  }

  get list(): NoticeView[] {
    return this.view ?? []
  }

  // listen follows them, and a click on one of the desktop's.
  listen(opened: (place: NoticeView['place']) => void): () => void {
    const ends = [
      this.#backend.on('notices', (list) => (this.view = list)),
      this.#backend.on('notice_opened', ({ place }) => opened(place)),
    ]
    return () => ends.forEach((end) => end())
  }

  async dismiss(id: string) {
    const done = await this.run('dismiss', async () => {
      await this.#backend.Settings.Dismiss(id)
      return true
    })
    if (done) this.view = this.list.filter((one) => one.id !== id)
  }
}
