import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from '@playwright/test'

type Places = { page: string; answers: string; home: string; own: string; proxy: string }
type Said = { out: string; err: string; code: number }

// What a sign-in may change: files by the hash of what is in them, and the
// names of the keychain's entries.
export type State = Record<string, string>

const to = '../build/tmp/dev' // where build.sh put it all

// A desk is one person's session with the window open on it: a HOME, a bus, a
// real keyring, a screen that nobody sees. backend/e2e/window makes it.
export class Desk {
  places: Places = { page: '', answers: '', home: '', own: '', proxy: '' }
  #process: ChildProcess | null = null
  #wanted: string[]

  // wanted: what else there is to be, as flags of backend/e2e/window.
  constructor(...wanted: string[]) {
    this.#wanted = wanted
  }

  async open() {
    const desk = spawn(
      '../build/tmp/window-desk',
      ['-programs', to, '-assets', `${to}/pages`, ...this.#wanted],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
        env: { LANYARD_TOOLS: '../build/tools', ...process.env },
      },
    )
    this.#process = desk
    const line = await Promise.race([
      once(createInterface(desk.stdout), 'line').then(([text]) => text as string),
      once(desk, 'exit').then(([code]) => Promise.reject(new Error(`the desk ended with ${code}`))),
    ])
    this.places = JSON.parse(line) as Places
  }

  // close ends all that ran on it.
  async close() {
    const desk = this.#process
    if (!desk || desk.exitCode !== null) return
    const ended = once(desk, 'exit')
    desk.stdin?.end()
    await ended
  }

  async ask<T>(path: string, question: object = {}): Promise<T> {
    const response = await fetch(this.places.answers + path, {
      method: 'POST',
      body: JSON.stringify(question),
    })
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`)
    return (await response.json()) as T
  }

  // opened are the addresses that a browser was opened with.
  opened = () => this.ask<string[]>('/opened')
  state = () => this.ask<State>('/state')

  async kept() {
    return Object.keys(await this.state()).filter((one) => one.startsWith('keychain: '))
  }

  // lanyard runs the terminal's half beside the window.
  async lanyard(...args: string[]): Promise<Said> {
    return this.ask<Said>('/terminal', { args })
  }

  // shell runs a line with the container tools in reach.
  shell = (line: string) => this.ask<Said>('/shell', { line })

  // saves answers the window's question where to save something.
  saves = (title: string, file: string) =>
    this.ask<boolean>('/save', { title, file: file && this.file(file) })

  clipboard = () => this.ask<string>('/clipboard')

  // person makes an account at the own service, which runs from then on.
  async person(name: string, password: string) {
    for (const question of [
      { args: ['service', 'start'] },
      { args: ['user', 'add', name], stdin: `${password}\n` },
    ]) {
      const said = await this.ask<Said>('/terminal', question)
      if (said.code !== 0) throw new Error(said.err)
    }
  }

  // write puts a file into HOME.
  async write(path: string, text: string) {
    const file = this.file(path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text, { mode: 0o600 })
  }

  file = (path: string) => join(this.places.home, path)
}

// openDesk gives the tests of a file one.
export function openDesk(...wanted: string[]): Desk {
  const desk = new Desk(...wanted)
  test.beforeAll(() => desk.open())
  test.afterAll(() => desk.close())
  return desk
}
