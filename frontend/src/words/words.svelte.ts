import { getContext, setContext } from 'svelte'
import { at, count as amount, far, plain } from '../lib/format'
import { de } from './de'
import { en, type Key } from './en'
import { translate, type Pair, type Said } from './go'
import { goWords } from './go-words'

// The words of the page, in the language that was chosen: English and German.

export type Language = 'en' | 'de'
export type { Key } from './en'

// A message is text with {places}, or one text for each form that the language
// knows of a number, by its place {n}.
export type Message = string | { one: string; other: string }

export type Values = Record<string, string | number>

const messages: Record<Language, Record<Key, Message>> = { en, de }
const locales: Record<Language, string> = { en: 'en-GB', de: 'de-DE' }

// spoken is the first language of the system's that there are words for.
export function spoken(wanted: readonly string[]): Language {
  for (const one of wanted) {
    const language = one.slice(0, 2).toLowerCase()
    if (language in messages) return language as Language
  }
  return 'en'
}

const day: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'short', year: 'numeric' }
const moment: Intl.DateTimeFormatOptions = {
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  timeZoneName: 'short',
}

// once makes a formatter once for each that is asked for: making one takes far
// longer than using it, and a list has many times in it.
function once<A extends unknown[], F>(make: (...asked: A) => F): (...asked: A) => F {
  const made = new Map<string, F>()
  return (...asked) => {
    const [first] = asked
    const key = asked.length === 1 && typeof first === 'string' ? first : JSON.stringify(asked)
    let one = made.get(key)
    if (one === undefined) made.set(key, (one = make(...asked)))
    return one
  }
}

type Piece = { text: string } | { place: string }

// taken is a text taken apart into what it says and its places.
const taken = once((form: string): Piece[] =>
  form
    .split(/(\{\w+\})/)
    .filter(Boolean)
    .map((part) => (/^\{\w+\}$/.test(part) ? { place: part.slice(1, -1) } : { text: part })),
)
const plurals = once((locale: string) => new Intl.PluralRules(locale))
const dates = once(
  (locale: string, zone: string | undefined, form: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { ...form, timeZone: zone }),
)
const distances = once((locale: string) => new Intl.RelativeTimeFormat(locale, { numeric: 'always' }))
const numbers = once((locale: string) => new Intl.NumberFormat(locale))

export class Words {
  language = $state<Language>('en')
  #go = $state.raw<readonly Pair[]>([]) // what Go says, in the language
  #zone: string | undefined // undefined: the computer's own

  constructor(language: Language = 'en', zone?: string) {
    this.language = language
    this.#zone = zone
  }

  // choose takes a language, or '' for the system's.
  choose(language: '' | Language) {
    this.language = language || spoken(globalThis.navigator?.languages ?? [])
    if (this.language !== 'en' && this.#go.length === 0)
      void goWords().then(
        (pairs) => this.learn(pairs),
        () => {}, // what Go says stays English
      )
  }

  learn(pairs: readonly Pair[]) {
    this.#go = pairs
  }

  get locale(): string {
    return locales[this.language]
  }

  // say gives the words for a key. What people wrote is kept from turning what
  // stands beside it.
  say(key: Key, values: Values = {}): string {
    return this.parts(key, values)
      .map((part) => ('text' in part ? part.text : this.#value(values[part.place])))
      .join('')
  }

  // parts is a message for who shows its places in a way of its own.
  parts(key: Key, values: Values = {}): Piece[] {
    const message = messages[this.language][key]
    const form =
      typeof message === 'string'
        ? message
        : plurals(this.locale).select(Number(values.n)) === 'one'
          ? message.one
          : message.other
    return taken(form)
  }

  #value(value: string | number | undefined): string {
    if (typeof value === 'number') return this.number(value)
    return value === undefined ? '' : plain(value)
  }

  number(value: number): string {
    return numbers(this.locale).format(value)
  }

  percent(hundredths: number): string {
    return new Intl.NumberFormat(this.locale, { style: 'percent' }).format(hundredths / 100)
  }

  list(names: string[]): string {
    return new Intl.ListFormat(this.locale, { type: 'conjunction' }).format(names.map(plain))
  }

  // size is a number of bytes as people read it.
  size(bytes: number): string {
    const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const
    const step = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3))
    return new Intl.NumberFormat(this.locale, {
      style: 'unit',
      unit: units[step],
      unitDisplay: step === 0 ? 'long' : 'short',
      maximumFractionDigits: step === 0 || bytes >= 100 * 1000 ** step ? 0 : 1,
    }).format(bytes / 1000 ** step)
  }

  date(time: string): string {
    return this.#when(time, day)
  }

  moment(time: string): string {
    return this.#when(time, moment)
  }

  #when(time: string, form: Intl.DateTimeFormatOptions): string {
    const when = at(time)
    return when ? dates(this.locale, this.#zone, form).format(when) : ''
  }

  // relative says how far from now a time lies: "in 3 days", "2 hours ago".
  relative(time: string, now: Date): string {
    const when = at(time)
    if (!when) return ''
    const ahead = when.getTime() - now.getTime()
    const said = far(ahead)
    if (!said) return this.say(ahead > 0 ? 'time.soon' : 'time.now')
    const [n, unit] = said
    return distances(this.locale).format(ahead > 0 ? n : -n, unit)
  }

  // ago says how long ago something was: in no future, however the clocks of two
  // computers differ, and however long ago the page looked at its own.
  ago(time: string, now: Date): string {
    const when = at(time)
    return this.relative(time, when && when > now ? when : now)
  }

  // keychain is where secrets are kept, within a sentence: its own name, or a word for it.
  keychain(name = ''): string {
    if (name === 'encrypted file') return this.say('keychain.some_file')
    return name || this.say('keychain.some')
  }

  // left is a countdown: "4 min 32 s". '' once it is over or has no end.
  left(time: string, now: Date): string {
    const said = amount(time, now)
    if (!said) return ''
    return said.minutes > 0
      ? this.say('time.left', { minutes: said.minutes, seconds: String(said.seconds).padStart(2, '0') })
      : this.say('time.left_seconds', { seconds: said.seconds })
  }

  // go is what Go said in English, in the chosen language where its words are
  // known, and in English, marked so, where they are not.
  go(text: string): Said {
    return this.language === 'en'
      ? { text, lang: undefined, parts: [{ text, lang: undefined }] }
      : translate(text, this.#go)
  }
}

const place = Symbol('words')

export function provideWords(words: Words): Words {
  return setContext(place, words)
}

// useWords is for a component's start. Where nothing is provided it is English.
export function useWords(): Words {
  return getContext<Words | undefined>(place) ?? new Words()
}
