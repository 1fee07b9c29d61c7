import { tick } from 'svelte'

// heading takes the focus when a view comes and the one that had it is gone,
// so that the keyboard and a screen reader go on from there.
export function heading(node: HTMLElement) {
  void tick().then(() => {
    if (document.activeElement === document.body || document.activeElement === null) node.focus()
  })
}
