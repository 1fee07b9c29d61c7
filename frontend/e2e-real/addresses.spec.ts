import { execFile } from 'node:child_process'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from '@playwright/test'
import { openDesk, type State } from './desk'
import { current, expect, noFaults, onePage, press, seen, start } from './fixture'

// Addresses at which no sign-in may begin: each is refused in words, nothing
// is opened, and nothing on this computer changes. One page for all.
const desk = openDesk()
const at = onePage(desk)
let before: State
const servers: Server[] = []

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  servers.push(server)
  await new Promise<void>((up) => server.listen(0, '127.0.0.1', up))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test.afterAll(() =>
  servers.forEach((one) => {
    one.close()
    one.closeAllConnections()
  }),
)

const json =
  (value: object): RequestListener =>
  (_, answer) =>
    answer.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
const html: RequestListener = (_, answer) =>
  answer.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Router</title>')
const to =
  (location: string): RequestListener =>
  (_, answer) =>
    answer.writeHead(302, { location }).end()

// What a real service says of itself, by path.
async function genuine(path: string): Promise<object> {
  return (await (await fetch(desk.places.own + path)).json()) as object
}

async function closed(): Promise<string> {
  const address = await serve(html)
  await new Promise((down) => servers.pop()?.close(down))
  return address
}

const address = /Give https:\/\/host/
const other = /Check the address\. Nothing was opened and nothing changed/
const network = /Check the address and the network/
const cases: { name: string; address: () => Promise<string>; says: RegExp; act: RegExp }[] = [
  {
    name: 'no address at all',
    address: async () => 'ftp://nowhere',
    says: /not a server address/i,
    act: address,
  },
  { name: 'words', address: async () => 'my registry', says: /not a server address/i, act: address },
  { name: 'a file', address: async () => 'file:///etc/passwd', says: /not a server address/i, act: address },
  {
    name: 'a script',
    address: async () => 'javascript:alert(1)',
    says: /not a server address/i,
    act: address,
  },
  {
    name: 'markup',
    address: async () => '<img src=x onerror=alert(1)>',
    says: /not a server address.*img/i,
    act: address,
  },
  {
    name: 'a name that turns around',
    address: async () => 'https://exam\u202eple.com',
    says: /not a server address/i,
    act: address,
  },
  {
    name: 'a password in it',
    address: async () => 'https://anna:hunter2@registry.example.com',
    says: /holds a user name or password/,
    act: address,
  },
  {
    name: 'a page below a server',
    address: async () => `${desk.places.own}/signin?request=1`,
    says: /not a server address/i,
    act: address,
  },
  {
    name: 'a password in clear',
    address: async () => 'http://registry.example.com',
    says: /would send passwords in clear/,
    act: address,
  },
  {
    name: 'nobody there',
    address: closed,
    says: /nobody answers there \(connection refused\)/,
    act: network,
  },
  {
    name: 'no such name',
    address: async () => 'https://registry.invalid',
    says: /not reachable.*registry\.invalid: there is no such name/i,
    act: network,
  },
  { name: 'a web page', address: () => serve(html), says: /not as an account service does/, act: other },
  { name: 'JSON of something else', address: () => serve(json([1])), says: /not as an account/, act: other },
  {
    name: 'another account service',
    address: () =>
      serve((request, answer) =>
        request.url === '/.well-known/openid-configuration'
          ? json({ issuer: 'https://id.example', authorization_endpoint: 'https://id.example/auth' })(
              request,
              answer,
            )
          : answer.writeHead(404).end(),
      ),
    says: /not as an account service does/,
    act: other,
  },
  {
    name: 'a registry that is no Lanyard server',
    address: async () => registry,
    says: /not as an account service does/,
    act: other,
  },
  {
    name: 'a redirect to a real one',
    address: () => serve((request, answer) => to(desk.places.own + request.url)(request, answer)),
    says: /not as an account service does/,
    act: other,
  },
  {
    name: 'a redirect elsewhere',
    address: () => serve(to('https://lanyard.example/')),
    says: /not as an account service does/,
    act: other,
  },
  {
    name: 'a server by another name',
    address: () => serve(async (request, answer) => json(await genuine(request.url ?? '/'))(request, answer)),
    says: /says that it is .*localhost/,
    act: other,
  },
  {
    name: 'a server that sends the browser elsewhere',
    address: async () => {
      const here = await serve(async (request, answer) => {
        const said = JSON.stringify(await genuine(request.url ?? '/')).replaceAll(desk.places.own, here)
        const evil = said.replace(`${here}/authorize`, 'https://evil.example/authorize')
        answer.writeHead(200, { 'content-type': 'application/json' }).end(evil)
      })
      return here
    },
    says: /points to another server \(.*evil\.example/,
    act: other,
  },
  {
    name: 'an answer without end',
    address: () =>
      serve((_, answer) => {
        answer.writeHead(200, { 'content-type': 'application/json' }).write('{"issuer": "')
        const more = () => {
          while (answer.write('x'.repeat(1 << 16)) && !answer.destroyed);
        }
        answer.on('drain', more)
        more()
      }),
    says: /its answer has no end/,
    act: other,
  },
  {
    name: 'a server that hangs up',
    address: () => serve((request) => request.socket.destroy()),
    says: /it hung up without an answer/,
    act: network,
  },
  {
    name: 'a server that is broken',
    address: () => serve((_, answer) => answer.writeHead(503).end('<h1>down</h1>')),
    says: /503 Service Unavailable/,
    act: /Try again in a moment/,
  },
  {
    name: 'a certificate that nobody vouches for',
    address: async () => (await desk.ask<{ address: string }>('/untrusted')).address,
    says: /by an authority that this computer does not know: sha256:[0-9a-f]{64}/,
    act: /Ask whoever runs the server for the fingerprint.*trust it in a terminal: lanyard trust/,
  },
]

// A registry as many run it, without accounts.
let registry = ''
test.beforeAll(async () => {
  expect((await desk.lanyard('service', 'start')).code).toBe(0)
  const port = Number(new URL(await closed()).port)
  await desk.write(
    'registry.yml',
    `version: 0.1\nlog: {level: error}\nstorage: {inmemory: {}}\nhttp: {addr: "127.0.0.1:${port}"}\n`,
  )
  const program = join(process.env.LANYARD_TOOLS ?? '../build/tools', 'bin/docker-registry')
  const child = execFile(program, ['serve', desk.file('registry.yml')])
  stop = () => void child.kill()
  registry = `http://127.0.0.1:${port}`
  await expect
    .poll(async () => (await fetch(`${registry}/v2/`).catch(() => null))?.status, { timeout: 20_000 })
    .toBe(200)
})
let stop = () => {}
test.afterAll(() => stop())

test.beforeAll(async () => {
  await seen(at.page, start)
  before = await desk.state()
})
test.afterEach(async () => {
  expect((await current(at.page)).state).toBe('signed_out')
  expect(await desk.opened()).toEqual([])
  expect(await desk.state()).toEqual(before)
})

// typed asks to sign in at an address.
async function typed(text: string) {
  await at.page.getByRole('radio', { name: /Another Lanyard server/ }).check()
  await at.page.getByRole('textbox', { name: 'Address of the server' }).fill(text)
  await press(at.page, 'Sign in')
}

for (const { name, address, says, act } of cases)
  test(name, async () => {
    const text = await address()
    await typed(text)
    const alert = at.page.getByRole('alert')
    await expect(alert).toContainText(says)
    await expect(alert).toContainText(act)
    await expect(alert).not.toContainText('hunter2')
    await expect(at.page.getByRole('textbox', { name: 'Address of the server' })).toHaveValue(text)
    await expect(at.page.locator('#app img')).toHaveCount(0)
  })

test('what is said of them has no faults', async () => {
  await expect(at.page.getByRole('alert')).toBeVisible()
  await noFaults(at.page)
})

test('behind a certificate that nobody vouches for, nothing was asked', async () => {
  expect((await desk.ask<{ asked: number }>('/untrusted')).asked).toBe(0)
})

test('an address of blanks', async () => {
  await typed('  ')
  await expect(at.page.getByText('Enter the address of the server.')).toBeVisible()
  await expect(at.page.getByRole('textbox', { name: 'Address of the server' })).toBeFocused()
})

test('a code is not asked for there either', async () => {
  await at.page.getByRole('textbox', { name: 'Address of the server' }).fill(await serve(html))
  await press(at.page, 'Use a code instead')
  await expect(at.page.getByRole('alert')).toContainText('not as an account service does')
})

test('a server that never answers can be left', async () => {
  await typed(await serve(() => {}))
  await seen(at.page, 'Asking the server …')
  await noFaults(at.page)
  await press(at.page, 'Cancel')
  await seen(at.page, start)
  await expect(at.page.getByRole('alert')).toHaveCount(0)
})

test('a server that never answers is given up', async () => {
  await typed(await serve(() => {}))
  await seen(at.page, 'Asking the server …')
  await expect(at.page.getByRole('alert')).toContainText('no answer within 20 seconds', { timeout: 40_000 })
  await expect(at.page.getByRole('alert')).toContainText(network)
})
