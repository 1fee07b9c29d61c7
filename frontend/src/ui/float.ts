// float shows something above everything (the top layer), below what opened it
// or, if there is no room, above it. By properties: the policy allows no style
// attributes.
export function float(node: HTMLElement, by: HTMLElement, align: 'start' | 'end') {
  node.showPopover?.()
  const edge = 8
  const from = by.getBoundingClientRect()
  const own = node.getBoundingClientRect()
  const below = from.bottom + 4 + own.height <= window.innerHeight
  const left = align === 'end' ? from.right - own.width : from.left
  node.style.left = `${Math.max(edge, Math.min(left, window.innerWidth - own.width - edge))}px`
  node.style.top = `${Math.max(edge, below ? from.bottom + 4 : from.top - 4 - own.height)}px`
}
