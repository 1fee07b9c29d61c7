// Narrow says whether a side pane has no room beside the list. It follows the
// window for the life of the component that makes it.
export class Narrow {
  yes = $state(false)

  constructor(query: string) {
    const media = globalThis.matchMedia?.(query)
    if (!media) return
    this.yes = media.matches
    $effect(() => {
      const hear = () => (this.yes = media.matches)
      media.addEventListener('change', hear)
      return () => media.removeEventListener('change', hear)
    })
  }
}
