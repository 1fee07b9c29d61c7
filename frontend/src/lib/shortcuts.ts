import type { Key } from '../words/words.svelte'

// The window's keys, all of them: the list that Ctrl+? shows and what is done
// come from this one table.

export type Shortcut =
  | 'section'
  | 'settings'
  | 'search'
  | 'new'
  | 'refresh'
  | 'rename'
  | 'delete'
  | 'open'
  | 'escape'
  | 'close'
  | 'quit'
  | 'list'
  | 'larger'
  | 'smaller'
  | 'plain'

type Chord = {
  control?: boolean
  key: string // as KeyboardEvent says it, in lower case
  word?: Key // how it is written, if not like that
}

type Row = {
  does: Shortcut
  says: Key
  chords: Chord[]
  range?: boolean // the chords are the first and last of several
  always?: boolean // also while a dialog is open
}

export const shortcuts: Row[] = [
  {
    does: 'section',
    says: 'keys.section',
    chords: [
      { control: true, key: '1' },
      { control: true, key: '5' },
    ],
    range: true,
  },
  { does: 'settings', says: 'keys.settings', chords: [{ control: true, key: ',' }] },
  { does: 'search', says: 'keys.search', chords: [{ control: true, key: 'f' }, { key: '/' }] },
  { does: 'new', says: 'keys.new', chords: [{ control: true, key: 'n' }] },
  { does: 'refresh', says: 'keys.refresh', chords: [{ control: true, key: 'r' }, { key: 'f5' }] },
  {
    does: 'open',
    says: 'keys.open',
    chords: [
      { key: 'enter', word: 'keys.enter_key' },
      { key: ' ', word: 'keys.space_key' },
    ],
  },
  { does: 'rename', says: 'keys.rename', chords: [{ key: 'f2' }] },
  { does: 'delete', says: 'keys.delete', chords: [{ key: 'delete', word: 'keys.delete_key' }] },
  { does: 'escape', says: 'keys.escape', chords: [{ key: 'escape', word: 'keys.escape_key' }] },
  { does: 'list', says: 'keys.list', chords: [{ control: true, key: '?' }] },
  {
    does: 'larger',
    says: 'keys.larger',
    chords: [
      { control: true, key: '+' },
      { control: true, key: '=' },
    ],
    always: true,
  },
  { does: 'smaller', says: 'keys.smaller', chords: [{ control: true, key: '-' }], always: true },
  { does: 'plain', says: 'keys.plain', chords: [{ control: true, key: '0' }], always: true },
  { does: 'close', says: 'keys.close', chords: [{ control: true, key: 'w' }], always: true },
  { does: 'quit', says: 'keys.quit', chords: [{ control: true, key: 'q' }], always: true },
]

type Pressed = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'altKey' | 'metaKey'>

// found is what a press means; n is its digit.
export function found(pressed: Pressed): { row: Row; n: number } | null {
  if (pressed.altKey || pressed.metaKey) return null
  const key = pressed.key.toLowerCase()
  for (const row of shortcuts) {
    const [first, last] = row.chords
    if (
      row.range &&
      first &&
      last &&
      pressed.ctrlKey &&
      key.length === 1 &&
      key >= first.key &&
      key <= last.key
    )
      return { row, n: Number(key) }
    if (!row.range && row.chords.some((one) => one.key === key && (one.control ?? false) === pressed.ctrlKey))
      return { row, n: 0 }
  }
  return null
}

type Doing = (n: number, event: KeyboardEvent) => void

// Keys knows who does what now: the window for itself, a pane while it is shown.
export class Keys {
  #doing = new Map<Shortcut, Doing[]>()

  // on takes a shortcut until the returned function is called; the latest has it.
  on(shortcut: Shortcut, doing: Doing): () => void {
    this.#doing.set(shortcut, [...(this.#doing.get(shortcut) ?? []), doing])
    return () =>
      this.#doing.set(
        shortcut,
        (this.#doing.get(shortcut) ?? []).filter((one) => one !== doing),
      )
  }

  // press does what a key means here. blocked: a dialog, or a view without a way about.
  press(event: KeyboardEvent, blocked: boolean) {
    const meant = found(event)
    if (!meant || event.defaultPrevented) return
    const { row, n } = meant
    const doing = this.#doing.get(row.does)?.at(-1)
    // A page of its own is never loaded anew by a key, nor searched by the browser.
    if (event.ctrlKey || event.key === 'F5') event.preventDefault()
    if (!doing || (blocked && !row.always)) return
    if (!event.ctrlKey && row.does !== 'refresh' && typing(event.target)) return
    event.preventDefault()
    doing(n, event)
  }
}

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target instanceof HTMLInputElement) return !/^(radio|checkbox|button)$/.test(target.type)
  return (
    target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable
  )
}
