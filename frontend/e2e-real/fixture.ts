import { basename, join } from 'node:path'
import AxeBuilder from '@axe-core/playwright'
import { expect, test as base, type BrowserContextOptions, type Page } from '@playwright/test'
import type { SessionView, TokenList } from '../src/lib/contract'
import type { Desk } from './desk'

// What Wails puts into the window; the bridge of src/lib/backend.ts is made of it.
declare global {
  interface Window {
    go: { app: Record<string, Record<string, (...args: unknown[]) => Promise<unknown>>> }
    runtime: { EventsOn(event: string, heard: (value: unknown) => void): () => void }
    told: unknown[] // every event, for the search for secrets
  }
}

export const account = 'anna'
export const password = 'violet umbrella pedals north'
export const start = 'Sign in once, for every container tool'

// listen notes what a page complains of, and what it asks of anybody but where
// it came from. The returned function fails if there was any.
export function listen(page: Page): () => void {
  const said: string[] = []
  const asked = new Set<string>()
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') said.push(message.text())
  })
  page.on('pageerror', (error) => {
    // A development build's ipc.js has a picture for a lost connection,
    // which it cannot put into a page that has no body yet.
    const stack = error.stack ?? error.message
    if (!stack.includes('/wails/ipc.js') || stack.includes('/assets/')) said.push(stack)
  })
  page.on('request', (request) => asked.add(new URL(request.url()).origin))
  return () => {
    expect(said).toEqual([])
    expect([...asked].length, [...asked].join(', ')).toBeLessThanOrEqual(1)
  }
}

// Every test fails on either.
export const test = base.extend<{ quiet: undefined }>({
  quiet: [
    async ({ page }, use) => {
      const check = listen(page)
      await use(undefined)
      check()
    },
    { auto: true },
  ],
})

export { expect }

// onePage opens the window once for all tests of a file, which go on in it.
export function onePage(desk: Desk, options: BrowserContextOptions = {}): { page: Page } {
  const at = {} as { page: Page }
  let check = () => {}
  base.beforeAll(async ({ browser }) => {
    const context = await browser.newContext(options)
    at.page = await context.newPage()
    check = listen(at.page)
    await at.page.goto(desk.places.page)
  })
  base.afterEach(() => check())
  return at
}

// noFaults: axe finds nothing, nothing sticks out; and a picture of what was
// looked at, where LANYARD_GALLERY says that they are wanted.
export async function noFaults(page: Page) {
  const { LANYARD_GALLERY: gallery } = process.env
  if (gallery) {
    const { file, title, attachments } = base.info()
    const name = `${basename(file, '.spec.ts')}-${title.replace(/[^\w’]+/g, '-')}-${attachments.length + 1}`
    await base.info().attach(name, { body: name }) // counts them
    await page.screenshot({ path: join(gallery, 'real', `${name}.png`) })
  }
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' ')}`)).toEqual([])
  await noOverflow(page)
}

export async function noOverflow(page: Page) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  expect(wide, 'the page is wider than the window').toBeLessThanOrEqual(0)
}

// show opens the window and waits for its heading.
export async function show(page: Page, desk: Desk, heading: string | RegExp) {
  await page.goto(desk.places.page)
  await seen(page, heading)
}

export async function seen(page: Page, heading: string | RegExp) {
  await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible()
}

export const press = (page: Page, name: string | RegExp) =>
  page.getByRole('button', { name, exact: true }).click()

// What the page would be told now.
export const current = (page: Page) =>
  page.evaluate(() => window.go.app.Session?.Current?.()) as Promise<SessionView>
export const list = (page: Page) => page.evaluate(() => window.go.app.Tokens?.List?.()) as Promise<TokenList>

export const tokens = (page: Page) => page.getByRole('table', { name: 'Personal access tokens' })
export const row = (page: Page, name: string) => tokens(page).getByRole('row').filter({ hasText: name })

// go comes to a pane by the list of them.
export const go = (page: Page, pane: string) =>
  page.getByRole('navigation').getByRole('button', { name: pane, exact: true }).click()

export async function openTokens(page: Page, desk: Desk, who: string = account) {
  await show(page, desk, who)
  await go(page, 'Personal access tokens')
  await seen(page, 'Personal access tokens')
  await expect(tokens(page)).toBeVisible()
}

export async function pick(page: Page, token: string, action: string) {
  await page.getByRole('button', { name: `Actions for ${token}`, exact: true }).click()
  await page.getByRole('menuitem', { name: action, exact: true }).click()
}

// generate makes a token by the dialog, and returns its secret.
export async function generate(page: Page, description: string, access: string): Promise<string> {
  await press(page, 'Generate new token')
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Description').fill(description)
  await dialog.getByRole('radio', { name: access, exact: true }).check()
  await dialog.getByRole('button', { name: 'Generate' }).click()
  await expect(dialog).toHaveAccessibleName('Copy your new token now')
  const secret = await dialog.getByLabel('New token', { exact: true }).innerText()
  await leave(page)
  return secret
}

// leave copies a new token and closes its dialog.
export async function leave(page: Page) {
  const dialog = page.getByRole('dialog')
  await press(page, 'Copy token')
  await expect(dialog.getByRole('status').filter({ hasText: /^Copied$/ })).toHaveCount(1)
  await press(page, 'Done')
  await expect(dialog).toHaveCount(0)
}

// newlyOpened waits for the page that the window opens in a browser.
export async function newlyOpened(desk: Desk, before: number): Promise<string> {
  await expect.poll(async () => (await desk.opened()).length).toBeGreaterThan(before)
  return (await desk.opened()).at(-1) ?? ''
}

// A person at the browser that was opened, with nothing known from before.
export async function inBrowser(page: Page, address: string, act: (other: Page) => Promise<void>) {
  const context = await page.context().browser()?.newContext()
  if (!context) throw new Error('there is no browser')
  try {
    const other = await context.newPage()
    await other.goto(address)
    await act(other)
  } finally {
    await context.close()
  }
}

export async function giveName(other: Page, who: string = account) {
  await other.getByLabel('User name').fill(who)
  await other.getByLabel('Password').fill(password)
  await other.getByRole('button', { name: 'Sign in' }).click()
}

// signIn signs a person in, who has an account at the own service.
export async function signIn(page: Page, desk: Desk, who: string = account): Promise<SessionView> {
  const before = (await desk.opened()).length
  await page
    .getByRole('button', { name: /^Sign in/ })
    .first()
    .click()
  await seen(page, 'Waiting for your browser …')
  await inBrowser(page, await newlyOpened(desk, before), async (other) => {
    await giveName(other, who)
    await other.getByRole('button', { name: 'Allow' }).click()
    await seen(page, who)
  })
  await toHome(page, who)
  return current(page)
}

// toHome leaves what is shown after a sign-in that was no renewal.
export async function toHome(page: Page, who: string = account) {
  await seen(page, who)
  const leaves = page.getByRole('button', { name: 'Go to Home' })
  if (await leaves.isVisible()) await leaves.click()
  await expect(page.getByRole('heading', { level: 1, name: who, exact: true })).toBeVisible()
}

// signOut signs out here, up to the receipt.
export async function signOut(page: Page) {
  await press(page, 'Sign out …')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Sign out' }).click()
  await seen(page, 'Signed out')
}

// begin is how most stories begin: an account, and its owner signed in.
export async function begin(page: Page, desk: Desk, who: string = account): Promise<SessionView> {
  await desk.person(who, password)
  await show(page, desk, start)
  return signIn(page, desk, who)
}

// login asks the service whether it takes a secret: the status of /token.
export async function login(server: string, who: string, secret: string, agent = 'node'): Promise<number> {
  const response = await fetch(`${server}/token?service=${new URL(server).host}`, {
    headers: { authorization: `Basic ${btoa(`${who}:${secret}`)}`, 'user-agent': agent },
  })
  await response.arrayBuffer()
  return response.status
}
