import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { request as ask, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { createServer as anyPort, type AddressInfo } from 'node:net'
import type { Page } from '@playwright/test'
import { openDesk } from './desk'
import {
  account,
  current,
  expect,
  giveName,
  go,
  list,
  newlyOpened,
  noFaults,
  onePage,
  password,
  pick,
  press,
  row,
  seen,
  test,
  toHome,
  tokens,
} from './fixture'

// A server that is slow, broken, gone, restarted or not who it was, while panes
// are open: nothing hangs, nothing is lost, and each is said in words. It stands
// behind a proxy that can do all that.
test.describe.configure({ mode: 'serial' })
const desk = openDesk()
const at = onePage(desk, { viewport: { width: 1280, height: 800 }, ignoreHTTPSErrors: true })

type Shown = { cert: string; key: string; fingerprint: string }
type Way = 'through' | 'slow' | 'hung up' | 'broken' | 'a web page'

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

// Front is the proxy before the real service.
class Front {
  way: Way = 'through'
  servers: Server[] = [] // for both addresses of localhost
  port = 0
  asked = 0
  address = () => `https://localhost:${this.port}`

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

  async #answer(from: IncomingMessage, to: ServerResponse) {
    this.asked++
    if (this.way === 'hung up') return void from.socket.destroy()
    if (this.way === 'broken') return void to.writeHead(503).end('<h1>down</h1>')
    if (this.way === 'a web page')
      return void to.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><b>Router</b>')
    if (this.way === 'slow') await new Promise((on) => setTimeout(on, 2_000))
    const headers = { ...from.headers, 'x-forwarded-proto': 'https', 'x-forwarded-for': '127.0.0.1' }
    const on = ask(
      { port: this.port, host: behind, method: from.method, path: from.url, headers },
      (answer) => {
        to.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(to)
      },
    )
    on.on('error', () => to.destroy())
    to.on('close', () => on.destroy())
    from.pipe(on)
  }
}

const front = new Front()
let shown: Shown
let service: ChildProcess | null = null

async function startService() {
  const data = desk.file('other')
  service = spawn(
    '../build/bin/lanyard',
    ['serve', '--data', data, '--storage', `${data}/images`, '--listen', `${behind}:${front.port}`].concat([
      '--public-url',
      front.address(),
      '--behind-proxy',
    ]),
    { stdio: 'ignore' },
  )
  const answers = () =>
    fetch(`http://${behind}:${front.port}/.well-known/lanyard`).then(
      () => true,
      () => false,
    )
  await expect.poll(answers).toBe(true)
}

async function endService() {
  const ending = service
  service = null
  if (!ending || ending.exitCode !== null) return
  const ended = once(ending, 'exit')
  ending.kill()
  await ended
}

test.beforeAll(async () => {
  front.port = await freePort()
  shown = await desk.ask<Shown>('/certificate')
  await front.show(shown) // before the service would take the other address
  await startService()
  const made = await desk.ask<{ code: number; err: string }>('/terminal', {
    args: ['user', 'add', account, '--data', desk.file('other')],
    stdin: `${password}\n`,
  })
  expect(made.code, made.err).toBe(0)
  const host = new URL(front.address()).host
  const trusted = await desk.lanyard('trust', host, '--fingerprint', shown.fingerprint)
  expect(trusted.code, trusted.err).toBe(0)
})
test.afterAll(async () => {
  await front.close()
  await endService()
})

const offline = (page: Page) => page.getByText('The server does not answer', { exact: true })
const description = (page: Page) => page.getByRole('dialog').getByLabel('Description')

test('signing in there, whose certificate this computer was told to trust', async () => {
  const { page } = at
  await page.getByRole('radio', { name: 'Another Lanyard server' }).check()
  await page.getByRole('textbox', { name: 'Address of the server' }).fill(front.address())
  await expect(page.locator('.probe')).toContainText('Its certificate is trusted')
  await press(page, 'Sign in')
  // The browser is not this computer: it is told to trust everything.
  const address = await newlyOpened(desk, 0)
  const context = await page.context().browser()?.newContext({ ignoreHTTPSErrors: true })
  const other = await context?.newPage()
  if (!other) throw new Error('there is no browser')
  await other.goto(address)
  await giveName(other)
  await other.getByRole('button', { name: 'Allow' }).click()
  await seen(page, `Signed in as ${account}`)
  await context?.close()
  await toHome(page)
  expect(await current(page)).toMatchObject({ state: 'active', server: front.address(), own: false })
})

test('slow: each answer takes two seconds, and nothing is asked twice', async () => {
  const { page } = at
  front.way = 'slow'
  for (const pane of ['Security', 'Activity', 'Personal access tokens']) {
    await go(page, pane)
    await seen(page, pane) // the frame is there at once
    await expect(page.getByText('Looking …')).toHaveCount(0)
    await expect(page.getByRole('alert')).toHaveCount(0)
  }
  await expect(row(page, 'This computer')).toBeVisible()
  await press(page, 'Generate new token')
  await description(page).fill('patient')
  await page.getByRole('dialog').getByRole('button', { name: 'Generate' }).click()
  const busy = page.getByRole('dialog').getByRole('button', { name: 'Generating …' })
  await busy.click({ force: true })
  await page.keyboard.press('Escape') // it goes on, and its secret is not lost
  await expect(page.getByRole('dialog')).toHaveAccessibleName('Copy your new token now')
  await press(page, 'Copy token')
  await press(page, 'Done')
  await expect(row(page, 'patient')).toHaveCount(1)
  front.way = 'through'
  expect((await list(page)).tokens.filter((one) => one.description === 'patient')).toHaveLength(1)
})

const faults: [way: Way, says: RegExp][] = [
  ['hung up', /hung up without an answer/],
  ['broken', /503 Service Unavailable/],
  ['a web page', /sent something that is not its format/],
]
for (const [way, says] of faults)
  test(`${way}, while the tokens are open and one is being made`, async () => {
    const { page } = at
    await press(page, 'Generate new token')
    await description(page).fill(`kept through ${way}`)
    front.way = way
    await page.getByRole('dialog').getByRole('button', { name: 'Generate' }).click()
    await expect(page.getByRole('dialog').getByRole('alert')).toContainText(says)
    await noFaults(page)
    front.way = 'through'
    await expect(description(page)).toHaveValue(`kept through ${way}`)
    await page.getByRole('dialog').getByRole('button', { name: 'Generate' }).click()
    await expect(page.getByRole('dialog')).toHaveAccessibleName('Copy your new token now')
    await press(page, 'Copy token')
    await press(page, 'Done')
    await expect(row(page, `kept through ${way}`)).toHaveCount(1)

    // A list that cannot be had anew stays, and what needs an answer says so.
    front.way = way
    await pick(page, `kept through ${way}`, 'Deactivate')
    await expect(page.getByRole('alert').first()).toContainText(says)
    await expect(row(page, `kept through ${way}`)).not.toContainText('Deactivated')
    await noFaults(page)
    front.way = 'through'
    await page.getByRole('button', { name: 'Try again', exact: true }).first().click()
    await expect(page.getByRole('alert')).toHaveCount(0)
  })

test('gone, and restarted: said, with what was known, and over by itself', async () => {
  const { page } = at
  const before = await current(page)
  await endService()
  await page.keyboard.press('F5')
  await expect(offline(page)).toBeVisible()
  await expect(row(page, 'patient')).toBeVisible()
  await expect(page.getByText(/What was known/)).toBeVisible()
  await page.getByRole('button', { name: 'Generate new token' }).click({ force: true })
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await noFaults(page)
  for (const [pane, words] of [
    ['Security', 'Sessions and computers'],
    ['Activity', 'Activity'],
  ] as const) {
    await go(page, pane)
    await expect(page.getByRole('region', { name: words })).toBeVisible()
    await expect(offline(page)).toBeVisible()
    await noFaults(page)
  }
  await go(page, 'Home')
  await expect(page.getByText(`…${before.lastFour}`)).toBeVisible()
  await startService()
  await expect(offline(page)).toHaveCount(0, { timeout: 45_000 })
  expect(await current(page)).toMatchObject({ state: 'active', tokenId: before.tokenId })
})

test('another certificate: nothing is sent to it, and both are named', async () => {
  const { page } = at
  await go(page, 'Personal access tokens')
  await expect(tokens(page)).toBeVisible()
  const other = await desk.ask<Shown>('/certificate')
  await front.show(other)
  const asked = front.asked
  await page.keyboard.press('F5')
  const says = page.getByRole('main')
  await expect(says).toContainText(/certificate/i)
  await expect(says).toContainText(other.fingerprint)
  await expect(says).toContainText(shown.fingerprint)
  await expect(row(page, 'patient')).toBeVisible()
  await noFaults(page)
  expect(front.asked).toBe(asked)
  await front.show(shown)
  await page.keyboard.press('F5')
  await expect(says).not.toContainText(other.fingerprint)
  await expect(row(page, 'patient')).toBeVisible()
  expect((await current(page)).state).toBe('active')
})
