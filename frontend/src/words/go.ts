// Go's own English words, sentence by sentence, in another language.

// A part of a text, and 'en' where nobody knew better.
export type Part = { text: string; lang: string | undefined }
export type Said = Part & { parts: Part[] } // lang: of all of it

// A pair: what Go says, with {places} for what changes, and what that is here.
// What stands in a {*place} is said by Go as well.
export type Pair = readonly [english: string, here: string]

type Known = { form: RegExp; places: string[]; here: string[]; words: number; begins: boolean; ends: boolean }
type Book = { all: Known[]; said: Map<string, Part[] | undefined> }
const books = new WeakMap<readonly Pair[], Book>()

// A form with few words of its own would take any sentence for one of its
// kind: its places are single words, or known.
const few = 12
const most = 1000 // texts that are remembered

function book(pairs: readonly Pair[]): Book {
  let one = books.get(pairs)
  if (!one) {
    const all = pairs.map(pair).sort((a, b) => b.words - a.words)
    books.set(pairs, (one = { all, said: new Map() }))
  }
  return one
}

// pair takes one apart. One that begins small, or has no full stop, may be said
// by itself as well: as a sentence.
function pair([english, here]: Pair): Known {
  const words = english.replace(/\{\*?\w+\}/g, '').length
  const places: string[] = []
  const form = english.split(/(\{\*?\w+\})/).map((part) => {
    if (!/^\{\*?\w+\}$/.test(part))
      return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/['’]/g, "['’]")
    places.push(part.slice(1, -1))
    return words < few && !part.startsWith('{*') ? '(\\S+?)' : '(.+?)'
  })
  const begins = /^[a-z]/.test(english)
  const ends = !/[.!?…]$/.test(english)
  return {
    form: new RegExp(`^${begins ? either(form.join('')) : form.join('')}${ends ? '\\.?' : ''}$`, 's'),
    places,
    here: here.split(/(\{\*?\w+\})/).filter(Boolean),
    words,
    begins,
    ends,
  }
}

const either = (form: string) => form.replace(/^./, (first) => `[${first}${first.toUpperCase()}]`)
const upper = (text: string) => text.slice(0, 1).toUpperCase() + text.slice(1)

// one is a text as a whole; undefined where no pair is of its form.
function one(text: string, book: Book): Part[] | undefined {
  const { all, said } = book
  if (said.has(text)) return said.get(text)
  let parts: Part[] | undefined
  for (const pair of all) {
    const found = pair.form.exec(text)
    if (!found) continue
    parts = filled(pair, found, book)
    if (pair.words >= few || parts.every((part) => part.lang === undefined)) break
    parts = undefined
  }
  if (said.size >= most) said.clear()
  said.set(text, parts)
  return parts
}

function filled({ places, here, begins, ends }: Known, found: RegExpExecArray, book: Book): Part[] {
  const [text] = found
  const parts = here.flatMap((part): Part[] => {
    const at = places.indexOf(part.slice(1, -1))
    if (at < 0 || !part.startsWith('{')) return [{ text: part, lang: undefined }]
    const value = found[at + 1] ?? ''
    return part.startsWith('{*') ? inner(value, book) : [{ text: value, lang: undefined }]
  })
  const first = parts[0]
  if (begins && first && /^[A-Z]/.test(text)) parts[0] = { ...first, text: upper(first.text) }
  if (ends && text.endsWith('.')) parts.push({ text: '.', lang: undefined })
  return parts
}

// A command, a path, an address or a name is the same in every language.
const same = (text: string) => !/\s/.test(text) || /^lanyard [^.]+$/.test(text)

// inner knows the whole text, each of its sentences or clauses, or what stands
// between its colons, as errors put it.
function inner(text: string, book: Book): Part[] {
  const clauses = apart('; ', text.split('; '), book)
  if (clauses) return clauses
  const sentences = text.split(/(?<=[.!?])\s+(?=[A-Z])/)
  return (
    apart(' ', sentences, book) ??
    one(text, book) ??
    (sentences.length > 1
      ? join(
          ' ',
          sentences.map((sentence) => inner(sentence, book)),
        )
      : chain(text, book))
  )
}

// apart knows every piece of a text by itself; undefined where it does not.
function apart(by: string, pieces: string[], book: Book): Part[] | undefined {
  if (pieces.length === 1) return undefined
  const each = pieces.map((piece) => one(piece, book))
  return each.every((parts) => parts !== undefined) ? join(by, each) : undefined
}

const join = (by: string, all: Part[][]) =>
  all.flatMap((parts, i) => (i > 0 ? [{ text: by, lang: undefined }, ...parts] : parts))

function chain(text: string, book: Book): Part[] {
  const links = text.split(': ')
  const parts: Part[] = []
  for (let from = 0; from < links.length;) {
    if (from > 0) parts.push({ text: ': ', lang: undefined })
    let to = links.length
    let found: Part[] | undefined
    for (; to > from && !found; to--) found = one(links.slice(from, to).join(': '), book)
    if (found) {
      parts.push(...found)
      from = to + 1
    } else {
      const link = links[from++] ?? ''
      parts.push({ text: link, lang: same(link) ? undefined : 'en' })
    }
  }
  return parts
}

// translate says what Go said as far as it is known.
export function translate(text: string, pairs: readonly Pair[]): Said {
  if (text === '') return { text, lang: undefined, parts: [] }
  const parts = same(text)
    ? (one(text, book(pairs)) ?? [{ text, lang: undefined }])
    : inner(text, book(pairs))
  const words = parts.filter((part) => /\p{L}/u.test(part.text) && !same(part.text))
  if (words.length > 0 && words.every((part) => part.lang !== undefined))
    return { text, lang: 'en', parts: [{ text, lang: 'en' }] }
  return { text: parts.map((part) => part.text).join(''), lang: undefined, parts }
}
