import type { Page } from '@playwright/test'
import { openDesk } from './desk'
import { current, expect, go, list, noFaults, onePage, pick, press, row, seen, test, tokens } from './fixture'
import { offer, openFront, signInThere, type Shown, type Way } from './front'

// A server that is slow, broken, gone, restarted or not who it was, while panes
// are open: nothing hangs, nothing is lost, and each is said in words. It stands
// behind a proxy that can do all that.
test.describe.configure({ mode: 'serial' })
const desk = openDesk()
const at = onePage(desk, { viewport: { width: 1280, height: 800 }, ignoreHTTPSErrors: true })

const front = openFront(desk)

const offline = (page: Page) => page.getByText('The server does not answer', { exact: true })
const description = (page: Page) => page.getByRole('dialog').getByLabel('Description')

test('signing in there, whose certificate this computer was told to trust', async () => {
  const { page } = at
  await offer(page, front)
  await expect(page.locator('.probe')).toContainText('Its certificate is trusted')
  await signInThere(page, desk)
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
  await front.end()
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
  await front.start()
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
  await expect(says).toContainText(front.shown.fingerprint)
  await expect(row(page, 'patient')).toBeVisible()
  await noFaults(page)
  expect(front.asked).toBe(asked)
  await front.show(front.shown)
  await page.keyboard.press('F5')
  await expect(says).not.toContainText(other.fingerprint)
  await expect(row(page, 'patient')).toBeVisible()
  expect((await current(page)).state).toBe('active')
})
