import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Pair } from './go'
import { sayings } from './go-source'

// For tests: what the Go half says, as its sources have it, and the German of it.

const root = join(import.meta.dirname, '../../..')

const files = import.meta.glob<Record<string, string>>('./de/go-*.json', { eager: true, import: 'default' })
export const german: Pair[] = Object.values(files).flatMap((file) => Object.entries(file))
// The system's and Go's own words are in nobody's sources here.
export const ofTheSystem = Object.keys(files['./de/go-system.json'] ?? {})

// The packages whose words reach the window: all of their files, but those whose
// words do not.
const packages: Record<string, string> = {
  app: 'log notice page webview_gtk', // the log, the desktop's notifications, the terminal
  'backend/access':
    'decide known managed noted organization pattern reach repositories repository scope seen service shown store', // all but explain
  'backend/autostart': 'launchd seal tasks', // other systems; the mark in a file
  'backend/client': 'explain organizations orgtokens reach repositories self tags', // the terminal asks these
  'backend/diagnosis': 'report text', // a document for whoever helps
  'backend/dockercli': '',
  'backend/dockerconfig': 'diff swap_linux', // a difference is shown as it is; swap only logs
  'backend/doctor': '',
  'backend/handover': '',
  'backend/helper': 'input remember', // speaks to tools alone
  'backend/keychain': 'other ours_windows worker', // other systems; a program of its own
  'backend/ledger': 'append', // the helper's
  'backend/machine': 'machineid_darwin machineid_other machineid_windows',
  'backend/ownservice': '',
  'backend/probe': '',
  'backend/registryauth': '',
  'backend/selftest': '',
  'backend/signin': 'page runas try', // the browser's page; the terminal's; lines to type
  'backend/standing': 'standing', // names of moves
  // of the service: what it refuses
  'backend/internal/hubapi':
    'activity answer auditlog body changes explain groups hubapi limit login manage members nologin organizations orgtokens page reach repositories rights self session sessions tags tokens touch whose wire',
  'backend/token': 'clean organization pending query scope secret self service token uses',
  'backend/tool': '',
  'backend/why': '',
}

// The account service, of whose words the page shows some: what it keeps of its
// people's acts, and why sessions ended.
const service = [
  'account',
  'activity',
  'grant',
  'token',
  'internal/caller',
  'internal/hubapi',
  'internal/oauth',
  'server',
]

export type Said = { text: string; where: string }

// saidIn is every string of a folder's files, with {places}.
const saidIn = (folder: string, without = ''): Said[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.go') && !name.endsWith('_test.go'))
    .filter((name) => !without.split(' ').includes(name.slice(0, -3)))
    .flatMap((name) =>
      sayings(readFileSync(join(root, folder, name), 'utf8')).map(({ text, line }) => ({
        text,
        where: `${folder}/${name}:${line}`,
      })),
    )

export const goSays = Object.entries(packages).flatMap(([folder, without]) => saidIn(folder, without))
export const serviceSays = service.flatMap((folder) => saidIn(`backend/${folder}`))

// filled has something in each place. What is added to a sentence that is over
// is one of its own.
export const filled = (text: string) =>
  text
    .replace(/\.\{p\d+\}$/, '.')
    .replace(/: $/, '')
    .replace(/\{p\d+\}/g, 'x')
    .trim()

// forms are the forms in which a string may be in a pair: whole, by its
// sentences, and by what stands between its colons; places are all the same.
export function forms(text: string): string[] {
  const links = text.split(': ')
  const joined = links.flatMap((_, from) =>
    links.slice(from).map((_, n) => links.slice(from, from + n + 1).join(': ')),
  )
  return [
    text,
    text.replace(/\.\{p\d+\}$/, '.'),
    ...joined,
    ...joined.flatMap((one) => one.split(/(?<=[.!?])\s+/)),
  ].map(form)
}

export const form = (text: string) =>
  text
    .replace(/(\{\*?\w+\})+/g, '{}')
    .replace(/\.$/, '')
    .replace(/’/g, "'")
    .trim()
    .toLowerCase()
