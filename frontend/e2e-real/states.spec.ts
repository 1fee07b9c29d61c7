import type { Page } from '@playwright/test'
import { openDesk } from './desk'
import {
  account,
  begin,
  current,
  expect,
  go,
  list,
  noFaults,
  openTokens,
  pick,
  press,
  seen,
  show,
  signIn,
  test,
} from './fixture'

// What may become of a session, one after the other, in the smallest window
// and in the dark.
test.describe.configure({ mode: 'serial' })
test.use({ viewport: { width: 720, height: 480 }, colorScheme: 'dark' })
const desk = openDesk()

const notice = (page: Page, title: string) => page.getByText(title, { exact: true })

test('somebody is signed in', async ({ page }) => {
  expect(await begin(page, desk)).toMatchObject({ state: 'active', account })
  await noFaults(page)
})

test('offline, when the service is stopped, and back', async ({ page }) => {
  await show(page, desk, account)
  const before = await current(page)
  await go(page, 'This computer’s service')
  await press(page, 'Stop …')
  const asked = page.getByRole('alertdialog')
  await expect(asked).toContainText('nothing can be pulled from or pushed to')
  await noFaults(page)
  await asked.getByRole('button', { name: 'Stop', exact: true }).click()
  await expect(page.getByText('Stopped', { exact: true })).toBeVisible()
  await go(page, 'Home')
  await expect(notice(page, 'The server does not answer')).toBeVisible()
  const view = await current(page)
  expect(view).toMatchObject({ state: 'offline', account, lastFour: before.lastFour, own: true })
  expect(view.ends).not.toBe('')
  await expect(page.getByText(`…${view.lastFour}`)).toBeVisible()
  await noFaults(page)
  expect(await desk.kept()).toHaveLength(2)

  // What needs the service says so in words.
  await go(page, 'Personal access tokens')
  await expect(page.getByRole('alert')).toContainText('not reachable')
  await noFaults(page)

  await go(page, 'This computer’s service')
  await press(page, 'Start')
  await expect(page.getByText('Running', { exact: true })).toBeVisible()
  await go(page, 'Home')
  await expect(notice(page, 'The server does not answer')).toHaveCount(0)
  expect(await current(page)).toMatchObject({ state: 'active', lastFour: before.lastFour })
})

test('a service that hangs keeps nobody waiting', async ({ page }) => {
  const status = JSON.parse((await desk.lanyard('service', 'status', '--json')).out) as { pid: number }
  process.kill(status.pid, 'SIGSTOP')
  try {
    await page.goto(desk.places.page)
    await seen(page, account)
    await expect(notice(page, 'The server does not answer')).toBeVisible()
  } finally {
    process.kill(status.pid, 'SIGCONT')
  }
  // The window may have found out by itself before the button is pressed.
  const again = page.getByRole('button', { name: 'Try again', exact: true })
  await expect(async () => {
    if (await again.isVisible()) await again.click({ timeout: 1_000 })
    await expect(notice(page, 'The server does not answer')).toHaveCount(0)
  }).toPass()
})

test('replaced by another computer’s token, and retaken', async ({ page }) => {
  await show(page, desk, account)
  const before = await current(page)
  for (const one of [1, 2, 3, 4, 5])
    await desk.ask('/elsewhere', { person: account, machine: `build-box-${one}` })
  await page.keyboard.press('F5')
  await expect(notice(page, 'Another computer took this one’s place')).toBeVisible()
  await expect(page.getByText(/gave way to build-box-5/)).toBeVisible()
  await expect(page.getByText('None at the moment')).toBeVisible()
  await noFaults(page)
  await press(page, 'Take a place again')
  await expect(notice(page, 'Another computer took this one’s place')).toHaveCount(0)
  const view = await current(page)
  expect(view).toMatchObject({ state: 'active', account })
  expect(view.tokenId).not.toBe(before.tokenId)
  await expect(page.getByText(`…${view.lastFour}`)).toBeVisible()
  expect((await list(page)).active).toBe(5)
  await go(page, 'Personal access tokens')
  await expect(page.getByText('5 active, 0 deactivated')).toBeVisible()
  await noFaults(page)
})

test('deactivated by a person, and activated again', async ({ page }) => {
  await openTokens(page, desk)
  const own = (await list(page)).tokens.find((one) => one.thisComputer)
  await pick(page, own?.description ?? '', 'Deactivate …')
  const asked = page.getByRole('alertdialog')
  await expect(asked).toHaveAccessibleName('Deactivate this computer’s own token?')
  await expect(asked).toContainText('on this computer are refused, until you activate it again')
  await noFaults(page)
  await asked.getByRole('button', { name: 'Deactivate' }).click()
  await expect(asked).toHaveCount(0)
  await go(page, 'Home')
  await expect(notice(page, 'This computer’s token is deactivated')).toBeVisible()
  await noFaults(page)
  await press(page, 'Activate it')
  await expect(notice(page, 'This computer’s token is deactivated')).toHaveCount(0)
  expect(await current(page)).toMatchObject({ state: 'active', tokenId: own?.id })
})

test('deactivated in a terminal, the window says so', async ({ page }) => {
  await show(page, desk, account)
  const { tokenId } = await current(page)
  expect((await desk.lanyard('token', 'deactivate', tokenId)).code).toBe(0)
  await page.keyboard.press('F5')
  await expect(notice(page, 'This computer’s token is deactivated')).toBeVisible()
  expect((await desk.lanyard('token', 'activate', tokenId)).code).toBe(0)
  await page.keyboard.press('F5')
  await expect(notice(page, 'This computer’s token is deactivated')).toHaveCount(0)
})

test('the keychain is locked, and opened again', async ({ page }) => {
  await show(page, desk, account)
  await desk.ask('/keychain/lock')
  await page.keyboard.press('F5')
  await seen(page, 'GNOME Keyring is locked')
  await expect(page.getByText(account, { exact: true })).toBeVisible()
  await noFaults(page)
  await press(page, 'Unlock')
  // There is nobody who could ask for its password on this desk.
  await expect(page.getByRole('alert')).toContainText('prompt was dismissed, or could not be shown')
  await noFaults(page)
  await desk.ask('/keychain/start')
  await press(page, 'Unlock')
  await seen(page, account)
  expect((await current(page)).state).toBe('active')
})

test('the keychain is gone, and comes back', async ({ page }) => {
  await show(page, desk, account)
  await desk.ask('/keychain/remove')
  await page.keyboard.press('F5')
  await seen(page, 'This computer has no keychain')
  await expect(page.getByText(/Start one, such as GNOME Keyring/)).toBeVisible()
  await noFaults(page)
  await press(page, 'Try again')
  await seen(page, 'This computer has no keychain')
  await desk.ask('/keychain/start')
  // Its return is found by itself, too, and may be before anybody asks.
  const again = page.getByRole('button', { name: 'Try again', exact: true })
  await expect(async () => {
    if (await again.isVisible()) await again.click({ timeout: 1000 })
    await expect(page.getByRole('heading', { level: 1, name: account })).toBeVisible({ timeout: 3000 })
  }).toPass()
  expect((await current(page)).state).toBe('active')
})

test('ended by another computer of the person', async ({ page }) => {
  await show(page, desk, account)
  const { tokenId } = await current(page)
  await desk.ask('/end', { person: account, machine: 'laptop', id: tokenId })
  await page.keyboard.press('F5')
  await seen(page, 'Your session was ended elsewhere')
  await expect(page.getByText(/Its token was removed from this computer/)).toBeVisible()
  await noFaults(page)
  expect(await desk.kept()).toEqual([])
  await page.reload()
  await seen(page, 'Your session was ended elsewhere') // until somebody signs in
  expect(await signIn(page, desk)).toMatchObject({ state: 'active', account })
})

test('ended by the service’s administrator', async ({ page }) => {
  await show(page, desk, account)
  expect((await desk.lanyard('user', 'disable', account)).code).toBe(0)
  await page.keyboard.press('F5')
  await seen(page, 'Your session was ended elsewhere')
  expect(await desk.kept()).toEqual([])
  expect((await desk.lanyard('user', 'enable', account)).code).toBe(0)
  await press(page, 'Sign in somewhere else')
  await seen(page, /Sign in once/)
  await noFaults(page)
  await press(page, 'Back')
  await seen(page, 'Your session was ended elsewhere')
  expect(await signIn(page, desk)).toMatchObject({ state: 'active', account })
})

test('its own token deleted here: the session is over', async ({ page }) => {
  await openTokens(page, desk)
  const own = (await list(page)).tokens.find((one) => one.thisComputer)
  await pick(page, own?.description ?? '', 'Delete …')
  const asked = page.getByRole('alertdialog')
  await expect(asked).toHaveAccessibleName('Delete this computer’s own token?')
  await expect(asked).toContainText('you are signed out here')
  await noFaults(page)
  await asked.getByRole('button', { name: 'Delete' }).click()
  await seen(page, 'Your session was ended elsewhere')
  expect(await desk.kept()).toEqual([])
  await noFaults(page)
})
