// Go's own English words, sentence by sentence, in another language.

export type Said = { text: string; lang: string | undefined } // lang: 'en' where nobody knew better

// A pair: what Go says, with {places} for what changes, and what that is here.
export type Pair = readonly [english: string, here: string]

type Known = { form: RegExp; places: string[]; here: string }
const compiled = new WeakMap<readonly Pair[], Known[]>()

function known(pairs: readonly Pair[]): Known[] {
  let all = compiled.get(pairs)
  if (!all) {
    all = pairs.map(([english, here]) => {
      const places: string[] = []
      const form = english
        .split(/(\{\w+\})/)
        .map((part) => {
          if (!/^\{\w+\}$/.test(part))
            return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/['’]/g, "['’]")
          places.push(part.slice(1, -1))
          return '(.+?)'
        })
        .join('')
      return { form: new RegExp(`^${form}$`, 's'), places, here }
    })
    compiled.set(pairs, all)
  }
  return all
}

function one(text: string, all: Known[]): string | undefined {
  for (const { form, places, here } of all) {
    const found = form.exec(text)
    if (!found) continue
    return here.replace(/\{(\w+)\}/g, (_, place: string) => found[places.indexOf(place) + 1] ?? '')
  }
  return undefined
}

// translate knows the whole text, or each of its sentences.
export function translate(text: string, pairs: readonly Pair[]): Said {
  if (text === '') return { text, lang: undefined }
  const all = known(pairs)
  const whole = one(text, all)
  if (whole !== undefined) return { text: whole, lang: undefined }
  const sentences = text.split(/(?<=[.!?])\s+(?=[A-Z])/)
  const said = sentences.map((sentence) => one(sentence, all))
  if (sentences.length > 1 && said.every((sentence) => sentence !== undefined))
    return { text: said.join(' '), lang: undefined }
  return { text, lang: 'en' }
}
