import { SvelteSet } from 'svelte/reactivity'
import type { Token } from './contract'
import { expiryOf, type Expiry } from './token-rules'

export const columns = ['description', 'source', 'status', 'access', 'created', 'used', 'expires'] as const
export type Column = (typeof columns)[number]
export type Sort = { by: Column; up: boolean }

// TokenTable is how the list is looked at: what is sought, the filters, the
// order, and which rows are selected.
export class TokenTable {
  text = $state('')
  source = $state<'' | Token['source']>('')
  status = $state<'' | Token['status']>('')
  expiry = $state<'' | Expiry>('')
  sort = $state.raw<Sort>({ by: 'created', up: false })
  selected = new SvelteSet<string>()
  #all: () => Token[]
  #now: () => Date

  constructor(all: () => Token[], now: () => Date = () => new Date()) {
    this.#all = all
    this.#now = now
  }

  #ordered = $derived.by(() => ordered(this.#all(), this.sort))

  shown: Token[] = $derived.by(() => {
    const wanted = this.text.trim().toLowerCase().split(/\s+/).filter(Boolean)
    const now = this.expiry ? this.#now() : null
    return this.#ordered.filter(
      (token) =>
        (!this.source || token.source === this.source) &&
        (!this.status || token.status === this.status) &&
        (!now || expiryOf(token, now) === this.expiry) &&
        wanted.every((word) => wordsOf(token).includes(word)),
    )
  })

  get filtered(): boolean {
    return this.text.trim() !== '' || this.source !== '' || this.status !== '' || this.expiry !== ''
  }

  // chosen are the selected ones that are in sight: what one does not see is
  // not changed.
  get chosen(): Token[] {
    return this.selected.size === 0 ? [] : this.shown.filter((token) => this.selected.has(token.id))
  }

  get allChosen(): boolean {
    return this.shown.length > 0 && this.chosen.length === this.shown.length
  }

  choose(id: string, on: boolean) {
    if (on) this.selected.add(id)
    else this.selected.delete(id)
  }

  chooseAll(on: boolean) {
    for (const token of this.shown) this.choose(token.id, on)
  }

  // sortBy orders by a column, or turns its order round.
  sortBy(by: Column) {
    const first = by !== 'created' && by !== 'used' // of times the newest comes first
    this.sort = { by, up: this.sort.by === by ? !this.sort.up : first }
  }

  clearFilters() {
    this.text = ''
    this.source = ''
    this.status = ''
    this.expiry = ''
  }

  // keep forgets the selection of what is not there any more.
  keep(all: Token[]) {
    if (this.selected.size === 0) return
    const there = new Set(all.map((token) => token.id))
    for (const id of [...this.selected]) if (!there.has(id)) this.selected.delete(id)
  }

  clear() {
    this.clearFilters()
    this.selected.clear()
    this.sort = { by: 'created', up: false }
  }
}

// What a token is found by; made once for each that Go told of.
const found = new WeakMap<Token, string>()

function wordsOf(token: Token): string {
  let words = found.get(token)
  if (words === undefined) {
    const { description, machine, lastFour, access, repositories, lastUsedFrom, lastUsedAgent } = token
    words = [description, machine, lastFour, access, ...repositories, lastUsedFrom, lastUsedAgent]
      .join('\n')
      .toLowerCase()
    found.set(token, words)
  }
  return words
}

const compare = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })
const statuses = ['active', 'inactive', 'expired']

// ordered sorts a copy. What has no such time comes last, whichever way round.
export function ordered(all: Token[], { by, up }: Sort): Token[] {
  const way = up ? 1 : -1
  if (by === 'created' || by === 'used' || by === 'expires') {
    const of = { created: 'created', used: 'lastUsed', expires: 'expires' } as const
    const rows = all.map((token) => ({ token, time: Date.parse(token[of[by]]) }))
    rows.sort((a, b) => {
      if (Number.isNaN(a.time) || Number.isNaN(b.time))
        return Number(Number.isNaN(a.time)) - Number(Number.isNaN(b.time))
      return way * (a.time - b.time)
    })
    return rows.map((row) => row.token)
  }
  const text = {
    description: (token: Token) => token.description,
    source: (token: Token) => `${token.source === 'auto' ? 0 : 1} ${token.machine}`,
    status: (token: Token) => String(statuses.indexOf(token.status)),
    access: (token: Token) => token.access,
  }[by]
  return [...all].sort((a, b) => way * compare.compare(text(a), text(b)))
}
