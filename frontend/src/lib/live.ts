import type { Backend, Changed } from './contract'

// live is the one place that hears of changes made elsewhere, and has what they
// concern looked at again. It ends with the returned function.
export function live(backend: Backend, concerned: Record<Changed, (() => Promise<void>)[]>): () => void {
  return backend.on('changed', ({ what }) => {
    const again = new Set(what.flatMap((one) => concerned[one] ?? []))
    for (const look of again) void look()
  })
}
