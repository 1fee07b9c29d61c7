import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { request as ask, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { createServer as anyPort, type AddressInfo } from 'node:net'
import type { Desk } from './desk'
import { account, expect, giveName, newlyOpened, password, press, seen, test, toHome } from './fixture'
import type { Page } from '@playwright/test'

export type Shown = { cert: string; key: string; fingerprint: string }
export type Way = 'through' | 'slow' | 'hung up' | 'broken' | 'a web page'
// What a service says of its interface; least: of those whom it serves.
export type Level = { api?: number; api_least?: number }

async function freePort(): Promise<number> {
  const free = anyPort()
  await new Promise<void>((up) => free.listen(0, '127.0.0.1', up))
  const { port } = free.address() as AddressInfo
  await new Promise((down) => free.close(down))
  return port
}

// The service has the same port at another address of this computer: its own
// address has to have the port that it listens on.
const behind = '127.0.0.2'

// What a service of the level before does not know.
const since2 = /^\/v2\/access\/(sessions|changes|factors)|\/(uses|reach)(\?|$)/

// Front is a proxy before a real service that is not the desk's own.
export class Front {
  way: Way = 'through'
  level: Level | null = null // null: what the service says
  servers: Server[] = [] // for both addresses of localhost
  port = 0
  asked = 0
  shown: Shown = { cert: '', key: '', fingerprint: '' }
  #desk: Desk
  #service: ChildProcess | null = null

  constructor(desk: Desk) {
    this.#desk = desk
  }

  address = () => `https://localhost:${this.port}`

  // open starts the service, with an account, and has the desk trust the proxy.
  async open() {
    this.port = await freePort()
    this.shown = await this.#desk.ask<Shown>('/certificate')
    await this.show(this.shown) // before the service would take the other address
    await this.start()
    const made = await this.#desk.ask<{ code: number; err: string }>('/terminal', {
      args: ['user', 'add', account, '--data', this.#desk.file('other')],
      stdin: `${password}\n`,
    })
    expect(made.code, made.err).toBe(0)
    const host = new URL(this.address()).host
    const trusted = await this.#desk.lanyard('trust', host, '--fingerprint', this.shown.fingerprint)
    expect(trusted.code, trusted.err).toBe(0)
  }

  async show(shown: Shown) {
    await this.close()
    for (const host of ['127.0.0.1', '::1']) {
      const server = createServer(
        { cert: shown.cert, key: shown.key },
        (from, to) => void this.#answer(from, to),
      )
      const up = await new Promise<boolean>((told) => {
        server.once('error', () => told(false)) // a computer may have no ::1
        server.listen(this.port, host, () => told(true))
      })
      if (up) this.servers.push(server)
    }
    expect(this.servers.length).toBeGreaterThan(0)
  }

  async close() {
    for (const server of this.servers.splice(0)) {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    }
  }

  async start() {
    const data = this.#desk.file('other')
    this.#service = spawn(
      '../build/bin/lanyard',
      ['serve', '--data', data, '--storage', `${data}/images`, '--listen', `${behind}:${this.port}`].concat([
        '--public-url',
        this.address(),
        '--behind-proxy',
      ]),
      { stdio: 'ignore' },
    )
    const answers = () =>
      fetch(`http://${behind}:${this.port}/.well-known/lanyard`).then(
        () => true,
        () => false,
      )
    await expect.poll(answers).toBe(true)
  }

  async end() {
    const ending = this.#service
    this.#service = null
    if (!ending || ending.exitCode !== null) return
    const ended = once(ending, 'exit')
    ending.kill()
    await ended
  }

  async #answer(from: IncomingMessage, to: ServerResponse) {
    this.asked++
    if (this.way === 'hung up') return void from.socket.destroy()
    if (this.way === 'broken') return void to.writeHead(503).end('<h1>down</h1>')
    if (this.way === 'a web page')
      return void to.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><b>Router</b>')
    if (this.way === 'slow') await new Promise((on) => setTimeout(on, 2_000))
    if (this.level && this.level.api !== undefined && this.level.api < 2 && since2.test(from.url ?? ''))
      return void to.writeHead(404).end()
    const headers = {
      ...from.headers,
      'accept-encoding': 'identity',
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '127.0.0.1',
    }
    const on = ask(
      { port: this.port, host: behind, method: from.method, path: from.url, headers },
      (answer) => {
        if (this.level && from.url === '/.well-known/lanyard')
          return void this.#describe(answer, to, this.level)
        to.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(to)
      },
    )
    on.on('error', () => to.destroy())
    to.on('close', () => on.destroy())
    from.pipe(on)
  }

  // describe hands on what the service says of itself, but with another level.
  async #describe(answer: IncomingMessage, to: ServerResponse, level: Level) {
    const said = Buffer.concat((await answer.toArray()) as Buffer[]).toString()
    to.writeHead(answer.statusCode ?? 502, { 'content-type': 'application/json' })
    to.end(JSON.stringify({ ...(JSON.parse(said) as object), ...level }))
  }
}

// openFront gives the tests of a file one.
export function openFront(desk: Desk): Front {
  const front = new Front(desk)
  test.beforeAll(() => front.open())
  test.afterAll(async () => {
    await front.close()
    await front.end()
  })
  return front
}

// offer writes its address where the window asks for one.
export async function offer(page: Page, front: Front) {
  await page.getByRole('radio', { name: 'Another Lanyard server' }).check()
  await page.getByRole('textbox', { name: 'Address of the server' }).fill(front.address())
}

// signInThere signs in at the address that was written.
export async function signInThere(page: Page, desk: Desk) {
  const before = (await desk.opened()).length
  await press(page, 'Sign in')
  // The browser is not this computer: it is told to trust everything.
  const address = await newlyOpened(desk, before)
  const context = await page.context().browser()?.newContext({ ignoreHTTPSErrors: true })
  const other = await context?.newPage()
  if (!other) throw new Error('there is no browser')
  await other.goto(address)
  await giveName(other)
  await other.getByRole('button', { name: 'Allow' }).click()
  await seen(page, `Signed in as ${account}`)
  await context?.close()
  await toHome(page)
}
