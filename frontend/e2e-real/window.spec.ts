import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from '@playwright/test'
import type { SessionView, TokenList } from '../src/lib/backend'
import { ask, expect, login, noFaults, seen, show, test } from './fixture'

// One person's story, from the first start to the sign-out. Each test goes on
// where the one before it ended: the Go half is the same all the time, the
// page is opened anew.
test.describe.configure({ mode: 'serial' })

const account = 'anna'
const password = 'violet umbrella pedals north'
const start = 'Sign in once, for every container tool'

type Desk = Record<string, string>

const opened = () => ask<string[]>('/opened')
const current = (page: Page) =>
  page.evaluate(() => window.go.app.Session?.Current?.()) as Promise<SessionView>
const list = (page: Page) => page.evaluate(() => window.go.app.Tokens?.List?.()) as Promise<TokenList>
const tokens = (page: Page) => page.getByRole('table', { name: 'Personal access tokens' })
const row = (page: Page, name: string) => tokens(page).getByRole('row').filter({ hasText: name })

async function openTokens(page: Page) {
  await show(page, account)
  await page.getByRole('button', { name: 'Personal access tokens' }).click()
  await seen(page, 'Personal access tokens')
  await expect(tokens(page)).toBeVisible()
}

async function pick(page: Page, token: string, action: string) {
  await page.getByRole('button', { name: `Actions for ${token}` }).click()
  await page.getByRole('menuitem', { name: action, exact: true }).click()
}

// newlyOpened waits for the page that the window opens in a browser.
async function newlyOpened(before: number): Promise<string> {
  await expect.poll(async () => (await opened()).length).toBeGreaterThan(before)
  return (await opened()).at(-1) ?? ''
}

test('the first start says what will happen, and nothing was done', async ({ page }) => {
  await show(page, start)
  await expect(page.getByRole('radio', { name: /This computer’s own service/ })).toBeChecked()
  await expect(page.getByText('the token is kept in GNOME Keyring, in no file')).toBeVisible()
  expect((await current(page)).state).toBe('signed_out')
  await noFaults(page)
})

test.describe('addresses of no Lanyard server', () => {
  const servers: Server[] = []
  async function serve(answer: RequestListener): Promise<string> {
    const server = createServer(answer)
    servers.push(server)
    await new Promise<void>((up) => server.listen(0, '127.0.0.1', up))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  test.afterAll(() => servers.forEach((one) => one.close()))

  const html: RequestListener = (_, answer) =>
    answer.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Router</title>')
  const elsewhere: RequestListener = (_, answer) =>
    answer.writeHead(302, { location: 'https://lanyard.example/' }).end()
  const named: RequestListener = (_, answer) =>
    answer.writeHead(200, { 'content-type': 'application/json' }).end(
      JSON.stringify({
        issuer: 'http://other.example',
        authorization_endpoint: 'http://other.example/authorize',
        token_endpoint: 'http://other.example/oauth/token',
      }),
    )
  const closed = async () => {
    const address = await serve(html)
    await new Promise((down) => servers.pop()?.close(down))
    return address
  }
  const cases: { name: string; address: () => Promise<string>; says: RegExp; act: RegExp }[] = [
    { name: 'nobody there', address: closed, says: /refused/, act: /Check the address and the network/ },
    {
      name: 'a web page',
      address: () => serve(html),
      says: /not as an account service does/,
      act: /Nothing was opened and nothing changed/,
    },
    {
      name: 'a redirect',
      address: () => serve(elsewhere),
      says: /(?:redirect|302|points|not a Lanyard server)/i,
      act: /Nothing was opened and nothing changed/,
    },
    {
      name: 'another name',
      address: () => serve(named),
      says: /says that it is .*other\.example/,
      act: /Nothing was opened and nothing changed/,
    },
    {
      name: 'no address',
      address: async () => 'ftp://nowhere',
      says: /not a server address/i,
      act: /Give https:\/\/host/,
    },
    {
      name: 'a password in clear',
      address: async () => 'http://registry.example.com',
      says: /would send passwords in clear/,
      act: /Give https:\/\/host/,
    },
    {
      name: 'a file',
      address: async () => 'file:///etc/passwd',
      says: /not a server address/i,
      act: /Give https:\/\/host/,
    },
  ]
  for (const { name, address, says, act } of cases)
    test(name, async ({ page }) => {
      await show(page, start)
      const before = await ask<Desk>('/state')
      await page.getByRole('radio', { name: /Another Lanyard server/ }).check()
      const field = page.getByRole('textbox', { name: 'Address of the server' })
      const typed = await address()
      await field.fill(typed)
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
      const alert = page.getByRole('alert')
      await expect(alert).toContainText(says)
      await expect(alert).toContainText(act)
      await expect(field).toHaveValue(typed)
      await noFaults(page)
      expect((await current(page)).state).toBe('signed_out')
      expect(await opened()).toEqual([])
      expect(await ask<Desk>('/state')).toEqual(before)
    })
})

test('the own service is started, and a sign-in that is cancelled leaves nothing', async ({ page }) => {
  await show(page, start)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(page.getByLabel('Set-up code', { exact: true })).toBeVisible()
  await expect(page.getByRole('timer')).toContainText('left')
  await newlyOpened(0)
  await page.getByRole('button', { name: 'Cancel' }).click()
  await seen(page, start)
  await expect(page.getByRole('alert')).toHaveCount(0)
  expect((await current(page)).state).toBe('signed_out')
  const names = Object.keys(await ask<Desk>('/state'))
  expect(names.filter((one) => one.startsWith('keychain: ') || one.startsWith('.docker/'))).toEqual([])
})

test('signing in at the own service', async ({ page, browser }) => {
  await show(page, start)
  const before = (await opened()).length
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await seen(page, 'Waiting for your browser …')
  const code = await page.getByLabel('Set-up code', { exact: true }).innerText()
  expect(code).toMatch(/^[A-Z0-9-]{6,}$/)
  await noFaults(page)

  // The person in the browser that was opened.
  const context = await browser.newContext({ baseURL: '' })
  const other = await context.newPage()
  await other.goto(await newlyOpened(before))
  await other.getByLabel('Set-up code').fill(code)
  await other.getByLabel('User name').fill(account)
  await other.getByLabel('Password').fill(password)
  await other.getByRole('button', { name: 'Set up and sign in' }).click()
  await other.getByRole('button', { name: 'Allow' }).click()
  await seen(page, account)
  await context.close()

  const view = await current(page)
  expect(view).toMatchObject({ state: 'active', account, own: true, keychain: 'GNOME Keyring' })
  const facts = page.getByRole('region', { name: account })
  await expect(facts).toContainText(new URL(view.server).host)
  await expect(facts).toContainText('This computer’s own service')
  await expect(facts).toContainText(`…${view.lastFour}`)
  await expect(facts).toContainText('Read, Write, Delete. Kept in GNOME Keyring; shown to nobody.')
  await expect(facts).toContainText('at the latest')
  await expect(facts).toContainText('each use moves it on')
  await expect(page.getByRole('heading', { name: 'Container tools' })).toBeVisible()
  expect(view.try.length).toBeGreaterThan(0)
  for (const { line } of view.try) await expect(page.getByText(line, { exact: true })).toBeVisible()
  await noFaults(page)
  expect(Object.keys(await ask<Desk>('/state')).filter((one) => one.startsWith('keychain: '))).toHaveLength(2)
})

test('the list has this computer’s own token, with its badge', async ({ page }) => {
  await openTokens(page)
  const own = tokens(page).getByRole('row').filter({ hasText: 'This computer' })
  await expect(own).toHaveCount(1)
  await expect(own).toContainText('Auto-generated')
  await expect(own).toContainText('Active')
  await expect(own).toContainText('Read, Write, Delete')
  await expect(own).toContainText(`…${(await current(page)).lastFour}`)
  await expect(page.getByText('1 active, 0 deactivated')).toBeVisible()
  await noFaults(page)
})

test('a generated token is shown once, works, is refused, renamed and deleted', async ({ page }) => {
  await openTokens(page)
  const { server } = await current(page)
  await page.getByRole('button', { name: 'Generate new token' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toHaveAccessibleName('Generate new token')
  await dialog.getByRole('button', { name: 'Generate' }).click()
  await expect(dialog.getByText('Say what the token is for.')).toBeVisible()
  await noFaults(page)
  await dialog.getByLabel('Description').fill('ci runner')
  await dialog.getByRole('radio', { name: 'Read, Write', exact: true }).check()
  await dialog.getByRole('button', { name: 'Generate' }).click()

  await expect(dialog).toHaveAccessibleName('Copy your new token now')
  const secret = await dialog.getByLabel('New token', { exact: true }).innerText()
  expect(secret.length).toBeGreaterThan(20)
  await noFaults(page)
  expect(await login(server, account, secret)).toBe(200)
  expect(await login(server, account, `${secret}x`)).toBe(401)

  // Leaving without having copied it asks.
  await dialog.getByRole('button', { name: 'Done' }).click()
  await expect(dialog.getByRole('alert')).toContainText('You have not copied it')
  await noFaults(page)
  await dialog.getByRole('button', { name: 'Go back' }).click()
  await expect(dialog.getByLabel('New token', { exact: true })).toHaveText(secret)
  await page.keyboard.press('Escape')
  await dialog.getByRole('button', { name: 'Leave without it' }).click()
  await expect(dialog).toHaveCount(0)
  expect(await page.content()).not.toContain(secret)
  expect(JSON.stringify(await list(page))).not.toContain(secret)
  await expect(row(page, 'ci runner')).toContainText('Manual')
  await expect(row(page, 'ci runner')).toContainText(`…${secret.slice(-4)}`)
  await expect(page.getByText('2 active, 0 deactivated')).toBeVisible()

  await pick(page, 'ci runner', 'Deactivate')
  await expect(row(page, 'ci runner')).toContainText('Deactivated')
  await expect(page.getByText('1 active, 1 deactivated')).toBeVisible()
  expect(await login(server, account, secret)).toBe(401)
  await noFaults(page)
  await pick(page, 'ci runner', 'Activate')
  await expect(row(page, 'ci runner')).not.toContainText('Deactivated')
  expect(await login(server, account, secret)).toBe(200)

  const name = '<b onclick="alert(1)">🚀 nightly</b>'
  await pick(page, 'ci runner', 'Rename …')
  await expect(dialog).toHaveAccessibleName('Rename token')
  await noFaults(page)
  await dialog.getByLabel('Description').fill(name)
  await dialog.getByRole('button', { name: 'Rename' }).click()
  await expect(dialog).toHaveCount(0)
  await expect(row(page, name)).toBeVisible()
  expect((await list(page)).tokens.map((one) => one.description)).toContain(name)

  await pick(page, name, 'Delete …')
  const asked = page.getByRole('alertdialog')
  await expect(asked).toContainText('Whatever uses it is refused from then on.')
  await noFaults(page)
  await asked.getByRole('button', { name: 'Delete' }).click()
  await expect(row(page, name)).toHaveCount(0)
  expect(await login(server, account, secret)).toBe(401)
  await expect(page.getByText('1 active, 0 deactivated')).toBeVisible()
})

test('this computer’s own token, deactivated, is said to be and can be activated', async ({ page }) => {
  await openTokens(page)
  const own = (await list(page)).tokens.find((one) => one.thisComputer)
  await pick(page, own?.description ?? '', 'Deactivate …')
  const asked = page.getByRole('alertdialog')
  await expect(asked).toHaveAccessibleName('Deactivate this computer’s own token?')
  await noFaults(page)
  await asked.getByRole('button', { name: 'Deactivate' }).click()
  await expect(asked).toHaveCount(0)
  await page.getByRole('button', { name: 'Home' }).click()
  await expect(page.getByText('This computer’s token is deactivated', { exact: true })).toBeVisible()
  await noFaults(page)
  await page.getByRole('button', { name: 'Activate it' }).click()
  await expect(page.getByText('This computer’s token is deactivated', { exact: true })).toHaveCount(0)
  expect((await current(page)).state).toBe('active')
})

test('the service’s pane', async ({ page }) => {
  await show(page, account)
  await page.getByRole('button', { name: 'This computer’s service' }).click()
  await seen(page, 'This computer’s service')
  await expect(page.getByText('Running', { exact: true })).toBeVisible()
  await expect(page.getByText((await current(page)).server, { exact: true })).toBeVisible()
  await noFaults(page)
})

test('no stored secret is anywhere that the page can reach', async ({ page, context }) => {
  await page.addInitScript(() => {
    window.told = []
    addEventListener('DOMContentLoaded', () => {
      for (const event of ['signin', 'session'])
        window.runtime.EventsOn(event, (value) => window.told.push(value))
    })
  })
  const frames: string[] = [] // all that the Go half sends
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => frames.push(String(payload))))
  const secrets = await ask<string[]>('/plant', 'POST')
  try {
    expect(secrets.length).toBe(3)
    for (const one of secrets) expect(one.length).toBeGreaterThan(20)
    await show(page, account)
    const own = (await current(page)).tokenId

    // Each method that is bound, whatever its name, with what a page might send.
    const { answers, called } = await page.evaluate(async (id) => {
      const known: Record<string, unknown[][]> = {
        'Session.SignIn': [
          ['nonsense', false],
          ['file:///etc/passwd', true],
        ],
        'Tokens.Create': [[{ description: '', scope: 'root', expires: '' }], [{}]],
        'Tokens.Rename': [
          [id, 'renamed'],
          ['', ''],
          ['../..', 'x'],
        ],
        'Tokens.SetActive': [
          [id, true],
          ['', false],
        ],
        'Tokens.Delete': [[''], ['../session']],
        'Tools.Apply': [[false]],
        'Window.Copy': [['a']],
      }
      const late = ['Session.SignOut'] // has a test of its own
      const answers: string[] = []
      const called: string[] = []
      const bound = Object.entries(window.go.app).flatMap(([service, methods]) =>
        Object.entries(methods).map(([method, call]) => ({ name: `${service}.${method}`, call })),
      )
      // First of all the service is stopped and started: the others need it.
      const rank = (one: string) => ['Service.Stop', 'Service.Start'].indexOf(one) + 1 || 3
      bound.sort((one, other) => rank(one.name) - rank(other.name))
      for (const { name, call } of bound) {
        if (late.includes(name)) continue
        called.push(name)
        for (const args of known[name] ?? [[]])
          answers.push(
            await call(...args).then(
              (value) => `${name}: ${JSON.stringify(value)}`,
              (reason: unknown) => `${name} refused: ${String(reason)} ${JSON.stringify(reason)}`,
            ),
          )
      }
      return { answers, called }
    }, own)
    expect(called).toEqual(
      expect.arrayContaining(['Session.Current', 'Tokens.List', 'Tools.Plan', 'Service.Status']),
    )
    expect(called.length).toBeGreaterThanOrEqual(18)
    for (const name of ['Session.Current', 'Tokens.List', 'Tools.Status', 'Service.Start'])
      expect(
        answers.some((one) => one.startsWith(`${name}: {`)),
        `${name} answers`,
      ).toBe(true)

    const places: [string, string][] = [['the answers', answers.join('\n')]]
    for (const pane of ['Home', 'Personal access tokens', 'This computer’s service']) {
      await page.getByRole('button', { name: pane }).click()
      await expect(page.getByText('Looking …')).toHaveCount(0)
      places.push([pane, await page.content()])
    }
    const reach = await page.evaluate(() => {
      // Everything that hangs on the window, but what is the browser's own.
      const seen = new Set<unknown>()
      const found: string[] = []
      const walk = (value: unknown, depth: number) => {
        if (typeof value === 'string') found.push(value)
        if (
          typeof value !== 'object' ||
          value === null ||
          value instanceof Node ||
          seen.has(value) ||
          depth > 6
        )
          return
        seen.add(value)
        for (const key of Object.keys(value)) {
          try {
            walk((value as Record<string, unknown>)[key], depth + 1)
          } catch {
            found.push(key) // not to be read
          }
        }
      }
      walk(window, 0)
      return {
        window: found.join('\n'),
        told: JSON.stringify(window.told),
        storage: JSON.stringify([
          { ...window['localStorage'] },
          { ...window['sessionStorage'] },
          document.cookie,
          name,
        ]),
        history: JSON.stringify([history.state, location.href]),
      }
    })
    places.push(...Object.entries(reach), ['the bridge', frames.join('\n')])
    places.push(['the browser’s storage', JSON.stringify(await context.storageState({ indexedDB: true }))])
    expect(frames.length).toBeGreaterThan(called.length)
    for (const [place, text] of places)
      for (const secret of secrets) {
        // In a message of Playwright the text would be shown.
        expect(text.includes(secret), `a secret in ${place}`).toBe(false)
        expect(text.includes(btoa(`${account}:${secret}`)), `a password in ${place}`).toBe(false)
      }
    expect(reach.storage).toBe('[{},{},"",""]')
  } finally {
    await ask('/restore', 'POST')
  }
})

test('signing out leaves nothing, and says so', async ({ page }) => {
  await show(page, account)
  const { server, lastFour } = await current(page)
  await page.getByRole('button', { name: 'Sign out …' }).click()
  const asked = page.getByRole('alertdialog')
  await expect(asked).toHaveAccessibleName('Sign out of this computer?')
  await noFaults(page)
  await asked.getByRole('button', { name: 'Sign out' }).click()
  await seen(page, 'Signed out')
  await expect(page.getByText(`Token …${lastFour} and session: removed from the keychain`)).toBeVisible()
  await expect(page.getByText('Session ended at the server')).toBeVisible()
  await expect(page.getByText('The token was tried once more, and is refused')).toBeVisible()
  await expect(page.getByText('Container tools no longer ask Lanyard for it')).toBeVisible()
  await noFaults(page)
  await page.getByRole('button', { name: 'Done' }).click()
  await seen(page, start)
  expect((await current(page)).state).toBe('signed_out')
  expect(Object.keys(await ask<Desk>('/state')).filter((one) => one.startsWith('keychain: '))).toEqual([])
  expect((await fetch(server, { redirect: 'manual' })).status).toBeLessThan(500) // it goes on
  await noFaults(page)
})
