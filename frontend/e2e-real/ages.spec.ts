import { resolve } from 'node:path'
import type { Page } from '@playwright/test'
import { openDesk } from './desk'
import {
  account,
  current,
  expect,
  go,
  list,
  noFaults,
  onePage,
  press,
  row,
  seen,
  test,
  tokens,
} from './fixture'
import { offer, openFront, signInThere, type Level } from './front'

// A server of an earlier interface, and one that serves only later programs:
// before the sign-in, and as it becomes so under the open window.
test.describe.configure({ mode: 'serial' })
const desk = openDesk()
const at = onePage(desk, { viewport: { width: 1280, height: 800 }, ignoreHTTPSErrors: true })
const front = openFront(desk)

const old: Level = { api: 1 }
const later: Level = { api: 9, api_least: 9 }

const older = (page: Page) => page.getByText('The server is older than this program expects', { exact: true })
const newer = (page: Page) => page.getByText('The server is newer than this program', { exact: true })
const offline = (page: Page) => page.getByText('The server does not answer', { exact: true })

// over waits until nothing is said of the server any more.
const over = (page: Page) =>
  expect(async () => {
    for (const banner of [older(page), newer(page), offline(page)]) expect(await banner.count()).toBe(0)
  }).toPass({ timeout: 45_000 })

// update has the server stop, and come back of another level.
async function update(level: Level | null) {
  await front.end()
  front.level = level
  await front.start()
}

// served fails unless the tools get the token that ends so.
async function served(lastFour: string) {
  const host = new URL(front.address()).host
  const said = await desk.shell(
    `printf %s ${host} | ${resolve('../build/bin/docker-credential-lanyard')} get`,
  )
  expect(said.code, said.err).toBe(0)
  const { Username, Secret } = JSON.parse(said.out) as { Username: string; Secret: string }
  expect(Username).toBe(account)
  expect(Secret.slice(-4)).toBe(lastFour)
}

test('at the address test: one that is too new is refused, in words, and nothing was opened', async () => {
  const { page } = at
  front.level = later
  const before = await desk.state()
  await offer(page, front)
  const says = page.locator('.probe')
  await expect(says).toContainText('Newer than this program')
  await expect(says).toContainText('The server needs a newer Lanyard')
  await expect(says).toContainText('Update Lanyard on this computer')
  await noFaults(page)
  await press(page, 'Sign in')
  await expect(page.getByRole('alert')).toContainText('The server needs a newer Lanyard')
  await noFaults(page)
  expect(await desk.opened()).toEqual([])
  expect(await desk.state()).toEqual(before)
})

test('at the address test: one that is too old says so, and signs in', async () => {
  const { page } = at
  front.level = old
  await page.getByRole('textbox', { name: 'Address of the server' }).fill('')
  await offer(page, front)
  const says = page.locator('.probe')
  await expect(says).toContainText('Older than this program expects')
  await expect(says).toContainText('Ask who runs it to update it')
  await noFaults(page)
  await signInThere(page, desk)
  expect(await current(page)).toMatchObject({ state: 'active', serverVersion: 'too_old' })
})

test('too old: said above every pane, what it lacks says so, and the rest goes on', async () => {
  const { page } = at
  await expect(older(page)).toBeVisible()
  await expect(offline(page)).toHaveCount(0)
  await noFaults(page)
  await go(page, 'Security')
  await expect(page.getByRole('alert').first()).toContainText('The server is of an earlier version')
  await expect(older(page)).toBeVisible()
  await noFaults(page)
  await go(page, 'Personal access tokens')
  await expect(row(page, 'This computer')).toBeVisible()
  await noFaults(page)
  await served((await current(page)).lastFour)
})

test('updated under the open window: it is found out, without a word from anybody', async () => {
  const { page } = at
  const before = await current(page)
  await update(null)
  await over(page)
  await go(page, 'Security')
  await expect(page.getByRole('region', { name: 'Sessions and computers' })).toBeVisible()
  await expect(page.getByRole('alert')).toHaveCount(0)
  expect(await current(page)).toMatchObject({ state: 'active', serverVersion: '', tokenId: before.tokenId })
})

test('updated beyond this program: one banner, one button, and nothing is lost', async () => {
  const { page } = at
  await go(page, 'Personal access tokens')
  await expect(tokens(page)).toBeVisible()
  const before = await current(page)
  const kept = await desk.kept()
  await update(later)
  await expect(newer(page)).toBeVisible({ timeout: 45_000 })
  await expect(offline(page)).toHaveCount(0)
  const banner = page.getByRole('main')
  await expect(banner).toContainText(
    'Update Lanyard on this computer. The token of this computer goes on working.',
  )
  await expect(row(page, 'This computer')).toBeVisible()
  await page.getByRole('button', { name: 'Generate new token' }).click({ force: true })
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await noFaults(page)
  await go(page, 'Home')
  await expect(page.getByRole('button', { name: 'Try again', exact: true })).toHaveCount(1)
  await expect(page.getByText(`…${before.lastFour}`)).toBeVisible()
  await noFaults(page)
  await press(page, 'Try again')
  await expect(newer(page)).toBeVisible()
  expect(await current(page)).toMatchObject({
    state: 'offline',
    serverVersion: 'too_new',
    tokenId: before.tokenId,
  })
  expect(await desk.kept()).toEqual(kept)
  await served(before.lastFour)
})

test('too old again: the banner is another, and all is there', async () => {
  const { page } = at
  const before = await current(page)
  await update(old)
  // It may be found out before anybody asks.
  const again = page.getByRole('button', { name: 'Try again', exact: true })
  await expect(async () => {
    if (await again.isVisible()) await again.click({ timeout: 1_000 })
    await expect(older(page)).toBeVisible({ timeout: 2_000 })
  }).toPass()
  await expect(newer(page)).toHaveCount(0)
  await update(null)
  await over(page)
  await seen(page, account)
  expect(await current(page)).toMatchObject({ state: 'active', serverVersion: '', tokenId: before.tokenId })
  expect((await list(page)).tokens).toHaveLength(1)
})
