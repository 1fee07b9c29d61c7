import type { Token } from './contract'
import type { Deed } from './token-rules'
import type { TokenTable } from './token-table.svelte'

// What a person wants done with one token or several.
export type Change = { deed: Deed; tokens: Token[] }
export type Act = (deed: Deed, tokens: Token[]) => void | Promise<void>

// asked: a dialog comes first. To deactivate a token made by hand needs none,
// since it is taken back as easily.
export function asked(deed: Deed, tokens: Token[]): boolean {
  if (deed === 'deactivate') return tokens.some((one) => one.source === 'auto')
  return deed === 'edit' || deed === 'rotate' || deed === 'delete'
}

// tokenInFocus is what a key means: the selected rows, or the one that has the
// focus, or that of the side pane.
export function tokenInFocus(table: TokenTable, opened: string): Token[] {
  if (table.chosen.length > 0) return table.chosen
  const id = document.activeElement?.closest<HTMLElement>('[data-token]')?.dataset.token ?? opened
  return table.shown.filter((token) => token.id === id)
}

// computers are the machines whose tokens are among them, this one left out.
export function computers(tokens: Token[]): string[] {
  return [
    ...new Set(
      tokens.filter((one) => one.source === 'auto' && !one.thisComputer).map((one) => one.machine || '?'),
    ),
  ]
}
