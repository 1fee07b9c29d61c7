import { describe, expect, it } from 'vitest'
import { german as pairs } from './go-said'
import { Words, spoken } from './words.svelte'

const words = new Words('en', 'UTC')
const german = new Words('de', 'Europe/Berlin')
german.learn(pairs)
const now = new Date('2026-11-23T09:00:00Z')
const after = (ms: number) => new Date(now.getTime() + ms).toISOString()
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

describe('relative', () => {
  it.each([
    [0, 'just now'],
    [-59_000, 'just now'],
    [30_000, 'in less than a minute'],
    [-minute, '1 minute ago'],
    [-59 * minute, '59 minutes ago'],
    [hour, 'in 1 hour'],
    [-23.9 * hour, '23 hours ago'],
    [day - 1000, 'in 1 day'],
    [12 * hour - 1000, 'in 12 hours'],
    [hour - 1000, 'in 1 hour'],
    [10 * minute - 1000, 'in 10 minutes'],
    [-hour + 1000, '59 minutes ago'],
    [day, 'in 1 day'],
    [90 * day - 5 * minute, 'in 90 days'],
    [89.4 * day, 'in 89 days'],
    [-1.9 * day, '1 day ago'],
    [-119 * day, '119 days ago'],
    [130 * day, 'in 4 months'],
    [-800 * day, '2 years ago'],
  ])('%d ms from now', (ms, said) => expect(words.relative(after(ms), now)).toBe(said))

  it('says nothing of no time', () => expect(words.relative('', now)).toBe(''))
  it('says of what has happened that it was, also by a clock that is ahead', () => {
    expect([after(-120_000), after(4_000), after(120_000)].map((time) => words.ago(time, now))).toEqual([
      '2 minutes ago',
      'just now',
      'just now',
    ])
    expect(words.ago('', now)).toBe('')
  })
})

describe('left', () => {
  it.each([
    [10 * minute, '10 min 00 s'],
    [272_000, '4 min 32 s'],
    [59_001, '1 min 00 s'],
    [1, '1 s'],
    [0, ''],
    [-5000, ''],
  ])('%d ms', (ms, said) => expect(words.left(after(ms), now)).toBe(said))

  it('says nothing where there is no end', () => expect(words.left('', now)).toBe(''))
})

describe('dates', () => {
  it('writes the day', () => expect(words.date('2026-11-23T23:30:00Z')).toBe('23 Nov 2026'))
  it('writes the day of the zone', () => expect(german.date('2026-11-23T23:30:00Z')).toBe('24. Nov. 2026'))
  it('writes the moment', () =>
    expect(words.moment('2026-11-23T09:05:00Z')).toBe('23 November 2026 at 09:05 UTC'))
  it('writes the moment in German', () =>
    expect(german.moment('2026-11-23T09:05:00Z')).toBe('23. November 2026 um 10:05 MEZ'))
  it('says how far in German', () =>
    expect([german.relative(after(-2 * hour), now), german.relative(after(90 * day), now)]).toEqual([
      'vor 2 Stunden',
      'in 90 Tagen',
    ]))
})

describe('messages', () => {
  it('have a form for one and for others', () => {
    expect(words.say('bell.some', { n: 1 })).toBe('Notices: 1 new')
    expect(german.say('bell.some', { n: 1 })).toBe('Hinweise: 1 neuer')
    expect(german.say('bell.some', { n: 2 })).toBe('Hinweise: 2 neue')
  })
  it('write numbers as the language does', () => {
    expect(words.say('tokens.of', { n: 1000 })).toBe(' of 1,000 tokens')
    expect(german.say('tokens.of', { n: 1000 })).toBe(' von 1.000 Token')
  })
  it('keep what people wrote from turning the rest', () =>
    expect(words.say('tokens.said.activate', { description: '\u202Etxt.exe' })).toBe(
      '\u2068\u202Etxt.exe\u2069 is active.',
    ))
  it('take what people wrote for no place', () =>
    expect(words.say('tokens.said.activate', { description: '{description}' })).toBe(
      '{description} is active.',
    ))
  it('join names', () => {
    expect(words.list(['a', 'b', 'c'])).toBe('a, b and c')
    expect(german.list(['a', 'b'])).toBe('a und b')
  })
  it.each([
    [0, '0 bytes'],
    [1023, '1 kB'],
    [734_003_200, '734 MB'],
    [1_540_000_000, '1.5 GB'],
  ])('write %d bytes', (bytes, said) => expect(words.size(bytes)).toBe(said))
})

describe('the language', () => {
  it.each([
    [['de-AT', 'en'], 'de'],
    [['fr-FR', 'de'], 'de'],
    [['fr'], 'en'],
    [[], 'en'],
  ] as const)('of a system with %j is %s', (wanted, language) => expect(spoken(wanted)).toBe(language))
})

describe('what Go says', () => {
  const known = "This computer's own service runs at http://localhost:8460."
  const said = (text: string) => german.go(text).text
  it('is left alone in English', () =>
    expect(words.go(known)).toMatchObject({ text: known, lang: undefined }))
  it('is said in German where it is known, with its names', () =>
    expect(german.go(known)).toMatchObject({
      text: 'Der Dienst dieses Computers läuft unter http://localhost:8460.',
      lang: undefined,
    }))
  it('is English, and marked so, where it is not', () =>
    expect(german.go('disk is full')).toMatchObject({ text: 'disk is full', lang: 'en' }))
  it('is English where German was not learned', () =>
    expect(new Words('de').go(known)).toMatchObject({ text: known, lang: 'en' }))
  it('is said sentence by sentence', () =>
    expect(said(`${known} Sign in again.`)).toBe(
      'Der Dienst dieses Computers läuft unter http://localhost:8460. Neu anmelden.',
    ))
  it('is said link by link, as errors are put together', () =>
    expect(
      said(
        'List tokens: server not reachable: https://x.example: nobody answers there (connection refused).',
      ),
    ).toBe(
      'Token auflisten: Server nicht erreichbar: https://x.example: dort antwortet niemand (Verbindung abgelehnt).',
    ))
  it('says in German what stands in a sentence', () =>
    expect(
      said(
        'ada may pull team/app, but: this token of ada may not push team/app: its access permissions do not reach that far.',
      ),
    ).toBe(
      'ada darf team/app laden, aber: dieses Token von ada darf team/app nicht hochladen: seine Berechtigungen reichen nicht so weit.',
    ))
  it('marks what is not known within what is', () =>
    expect(
      german.go('List tokens: server error: the disk is on fire.').parts.filter((part) => part.lang),
    ).toEqual([{ text: 'the disk is on fire.', lang: 'en' }]))
  it('takes no sentence for one of few words', () =>
    expect(german.go('It was stopped by root').lang).toBe('en'))
  it('leaves commands and names as they are', () =>
    expect(['lanyard docker setup', '/home/ada/x.json'].map(said)).toEqual([
      'lanyard docker setup',
      '/home/ada/x.json',
    ]))
  it('says each clause by itself, and dates', () =>
    expect(
      [
        "ada may do everything under the name ada; the token's access permissions let it pull",
        '…7QxK of ada, until 21 February 2027 10:00',
      ].map(said),
    ).toEqual([
      'ada darf unter dem Namen ada alles; die Berechtigungen des Tokens lassen laden',
      '…7QxK von ada, bis 21. Februar 2027 um 10:00',
    ]))
  it('is nothing where it said nothing', () => expect(german.go('').text).toBe(''))
})
