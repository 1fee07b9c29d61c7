import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { de } from './de'
import { en, type Key } from './en'
import { german } from './go-said'
import type { Message } from './words.svelte'

// The message files against each other, and against the page that uses them.

const root = join(import.meta.dirname, '..')
const languages: Record<string, Record<string, Message>> = { de }
const keys = Object.keys(en) as Key[]

const forms = (message: Message) => (typeof message === 'string' ? [message] : [message.one, message.other])
const places = (text: string) => [...new Set(text.match(/\{\*?\w+\}/g))].sort().join(' ')

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return /^(en|de|fake)$/.test(entry.name) ? [] : sources(path)
    return /\.(svelte|ts)$/.test(entry.name) && !entry.name.endsWith('.test.ts')
      ? [readFileSync(path, 'utf8')]
      : []
  })
}

// What the page asks for: keys as they stand, and beginnings that it completes.
const page = sources(root).join('\n')
const asked = new Set(
  [...page.matchAll(/['"]([a-z]+(?:[._][a-z_]+)*\.[a-z0-9_.]+)['"]/g)].map((one) => one[1]),
)
const begun = [...page.matchAll(/`([a-z_]+(?:\.[a-z_]+)*[._])\$\{[^}]+\}([a-z_]*)`/g)].map(
  ([, start = '', end = '']) => ({ start, end }),
)

describe('messages', () => {
  it('are asked for: all of them', () => {
    const unused = keys.filter(
      (key) => !asked.has(key) && !begun.some(({ start, end }) => key.startsWith(start) && key.endsWith(end)),
    )
    expect(unused).toEqual([])
  })

  it('are there: none is asked for that is not', () => {
    const wanted = [...page.matchAll(/(?:\.say\(|\bkey=")['"]?([a-z_]+\.[a-z0-9_.]+)['"]/g)].map(
      (one) => one[1],
    )
    expect(wanted.length).toBeGreaterThan(100)
    expect(wanted.filter((key) => !((key as string) in en))).toEqual([])
    expect(begun.filter(({ start }) => !keys.some((key) => key.startsWith(start)))).toEqual([])
  })

  it.each(Object.entries(languages))('in %s are the same as in English', (_, messages) => {
    expect(Object.keys(messages).sort()).toEqual([...keys].sort())
    const differing = keys.filter(
      (key) =>
        new Set([...forms(en[key]), ...forms(messages[key] ?? '')].map(places)).size > 1 ||
        typeof en[key] !== typeof messages[key],
    )
    expect(differing).toEqual([])
  })

  it.each(Object.entries({ en, ...languages }))(
    'in %s say something, in the marks of the house',
    (_, messages) => {
      const wrong = Object.entries(messages as Record<string, Message>).filter(([, message]) =>
        forms(message).some((text) => text.trim() === '' || /\.\.\.|'| {2}|"/.test(text)),
      )
      expect(wrong.map(([key]) => key)).toEqual([])
    },
  )
})

describe('what Go says', () => {
  it('has the same places in German', () => {
    const differing = german.filter(([english, here]) => places(english) !== places(here))
    expect(differing).toEqual([])
  })
  it('is there once', () => {
    const all = german.map(([english]) => english)
    expect(all.filter((one, i) => all.indexOf(one) !== i)).toEqual([])
  })
})
