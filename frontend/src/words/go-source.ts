// What a Go file says: its string literals as they are put together, with
// {places} for what changes.

export type Saying = { text: string; line: number }

type Token = { kind: 'string' | 'word' | 'mark'; text: string; line: number }

const forms = [
  ['blank', /[^\S\n]+|\/\/[^\n]*|\/\*[\s\S]*?\*\//y],
  ['string', /"(?:[^"\\\n]|\\.)*"|`[^`]*`/y],
  ['word', /'(?:[^'\\]|\\.)+'|[\p{L}_][\p{L}\p{N}_]*|\d[\w.]*/uy],
  ['mark', /\n|[:+=!<>&|^*/%-]?=|:=|&&|\|\||\+\+|[^\s]/y],
] as const

function tokens(source: string): Token[] {
  const all: Token[] = []
  let line = 1
  for (let at = 0; at < source.length;) {
    let found = ''
    for (const [kind, form] of forms) {
      form.lastIndex = at
      found = form.exec(source)?.[0] ?? ''
      if (!found) continue
      // Go ends a statement with the line, where it can end.
      const last = all.at(-1)
      if (found !== '\n' && kind !== 'blank') all.push({ kind, text: found, line })
      else if (found === '\n' && last && (last.kind !== 'mark' || /^[)\]}]$/.test(last.text)))
        all.push({ kind: 'mark', text: ';', line })
      break
    }
    line += found.split('\n').length - 1
    at += found.length || 1
  }
  return all
}

const unquoted = (text: string) =>
  text.startsWith('`')
    ? text.slice(1, -1)
    : (JSON.parse(text.replace(/\\x(..)/g, '\\u00$1').replace(/\\U000(.....)/g, '?')) as string)

// Verbs are fmt's: %s, %.40q, %d …
const marks: Record<string, string> = { '%': '%', q: '"\0"' }
const verb = /%[-+# 0]*\d*(?:\.\d+)?([a-zA-Z%])/g

// sayings has every sum of strings in a source once, in its order.
export function sayings(source: string): Saying[] {
  const all: Saying[] = []
  const constants = new Map<string, string>()
  type Sum = { terms: Token[][]; line: number }
  const open: Sum[] = []
  let sum: Sum = { terms: [[]], line: 0 }

  const end = () => {
    const texts = sum.terms.map((term) => {
      const [only] = term
      if (term.length !== 1 || !only) return undefined
      return only.kind === 'string' ? unquoted(only.text) : constants.get(only.text)
    })
    if (sum.terms.some(([one], i) => one?.kind === 'string' && texts[i] !== undefined)) {
      const formed = texts.map(
        (text) => text?.replace(verb, (_, kind) => marks[kind as string] ?? '\0') ?? '\0',
      )
      let n = 0
      all.push({ text: formed.join('').replace(/\0/g, () => `{p${++n}}`), line: sum.line })
    }
    sum = { terms: [[]], line: 0 }
  }
  const list = tokens(source)
  for (const [i, token] of list.entries()) {
    const before = list[i - 1]
    const name = list[i - 2]
    if (token.kind === 'string' && before?.text === '=' && name?.kind === 'word' && list[i + 1]?.text === ';')
      constants.set(name.text, unquoted(token.text))
    if (/^[([{]$/.test(token.text)) {
      open.push(sum)
      sum = { terms: [[]], line: 0 }
    } else if (/^[)\]}]$/.test(token.text)) {
      end()
      sum = open.pop() ?? sum
      sum.terms.at(-1)?.push(token)
    } else if (token.text === '+') sum.terms.push([])
    else if (token.kind === 'mark' && token.text !== '.') end()
    else {
      if (/^(return|case|range|if|switch|const|var)$/.test(token.text)) end()
      else {
        sum.terms.at(-1)?.push(token)
        if (token.kind === 'string') sum.line ||= token.line
      }
    }
  }
  return all
}
