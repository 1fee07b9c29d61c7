import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openDesk } from './desk'
import {
  account,
  current,
  expect,
  inBrowser,
  giveName,
  go,
  login,
  newlyOpened,
  noFaults,
  password,
  press,
  seen,
  show,
  signIn,
  signOut,
  start,
  test,
  toHome,
} from './fixture'

// From the first start: signing in and out, by browser and by code.
test.describe.configure({ mode: 'serial' })
const desk = openDesk()

test('the first start says what will happen, and nothing was done', async ({ page }) => {
  await show(page, desk, start)
  await expect(page.getByRole('radio', { name: /This computer’s own service/ })).toBeChecked()
  await expect(page.getByText('the token is kept in GNOME Keyring, and nowhere else')).toBeVisible()
  expect((await current(page)).state).toBe('signed_out')
  await noFaults(page)
  await press(page, 'This computer’s service')
  await expect(page.getByText('Stopped', { exact: true })).toBeVisible()
  await expect(page.getByText(desk.file('.local/share/lanyard/service'))).toBeVisible()
  await noFaults(page)
})

test('the own service is started, and a sign-in that is cancelled leaves nothing', async ({ page }) => {
  await show(page, desk, start)
  await press(page, 'Sign in')
  await expect(page.getByLabel('Set-up code', { exact: true })).toBeVisible()
  await expect(page.getByRole('timer')).toContainText('left')
  await newlyOpened(desk, 0)
  await press(page, 'Cancel')
  await seen(page, start)
  await expect(page.getByRole('alert')).toHaveCount(0)
  expect((await current(page)).state).toBe('signed_out')
  expect(Object.keys(await desk.state()).filter((one) => /^(keychain: |\.docker\/)/.test(one))).toEqual([])
})

test('the page of a sign-in that was cancelled leads nowhere', async ({ page }) => {
  await show(page, desk, start)
  await inBrowser(page, (await desk.opened()).at(-1) ?? '', async (other) => {
    await expect(other.getByLabel('Set-up code')).toBeVisible() // the service is still new
  })
  expect(await desk.kept()).toEqual([])
})

test('signing in at the own service, which is set up by it', async ({ page }) => {
  await show(page, desk, start)
  const before = (await desk.opened()).length
  await press(page, 'Sign in')
  await seen(page, 'Waiting for your browser …')
  const code = await page.getByLabel('Set-up code', { exact: true }).innerText()
  expect(code).toMatch(/^[A-Z0-9-]{6,}$/)
  await noFaults(page)
  const address = await newlyOpened(desk, before)
  await press(page, 'Open again')
  expect(await newlyOpened(desk, before + 1)).toBe(address)
  await press(page, 'Copy link')

  await inBrowser(page, address, async (other) => {
    await other.getByLabel('Set-up code').fill(code)
    await other.getByLabel('User name').fill(account)
    await other.getByLabel('Password').fill(password)
    await other.getByRole('button', { name: 'Set up and sign in' }).click()
    await other.getByRole('button', { name: 'Allow' }).click()
    await expect(other.getByText(/close/i)).toBeVisible() // this page may be
    await seen(page, `Signed in as ${account}`)
  })
  await toHome(page)

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
  expect(await desk.kept()).toHaveLength(2)
})

test('a terminal beside the window says the same', async ({ page }) => {
  await show(page, desk, account)
  const { server, lastFour } = await current(page)
  const said = await desk.lanyard('status')
  expect(said.out + said.err).toContain(account)
  expect(said.out).toContain(new URL(server).host)
  expect(said.out).toContain(lastFour)
})

test('the service’s pane', async ({ page }) => {
  await show(page, desk, account)
  await go(page, 'This computer’s service')
  await seen(page, 'This computer’s service')
  await expect(page.getByText('Running', { exact: true })).toBeVisible()
  await expect(page.getByText((await current(page)).server, { exact: true })).toBeVisible()
  await noFaults(page)
})

test('signing out leaves nothing, and says so', async ({ page }) => {
  await show(page, desk, account)
  const { server, lastFour } = await current(page)
  await press(page, 'Sign out …')
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
  await press(page, 'Done')
  await seen(page, start)
  expect((await current(page)).state).toBe('signed_out')
  expect(await desk.kept()).toEqual([])
  expect((await fetch(server, { redirect: 'manual' })).status).toBeLessThan(500) // it goes on
})

test('a no in the browser is no sign-in', async ({ page }) => {
  await show(page, desk, start)
  const before = (await desk.opened()).length
  await press(page, 'Sign in')
  await expect(page.getByLabel('Set-up code', { exact: true })).toHaveCount(0) // there is an account
  await inBrowser(page, await newlyOpened(desk, before), async (other) => {
    await giveName(other)
    await other.getByRole('button', { name: 'Cancel' }).click()
    await seen(page, start)
  })
  await expect(page.getByRole('alert')).toContainText('Try again if that was not meant.')
  await noFaults(page)
  expect(await desk.kept()).toEqual([])
})

test('signing in by a code', async ({ page }) => {
  await show(page, desk, start)
  const before = (await desk.opened()).length
  await press(page, 'Use a code instead')
  await seen(page, 'Enter this code in a browser')
  const code = await page.getByLabel('Code', { exact: true }).innerText()
  await expect(page.getByRole('timer')).toContainText('left')
  await noFaults(page)
  expect((await desk.opened()).length).toBe(before) // that is for another device
  await inBrowser(page, `${desk.places.own}/activate`, async (other) => {
    await giveName(other)
    await other.getByRole('textbox').fill(code)
    await other.getByRole('button', { name: 'Go on' }).click()
    await expect(other.locator('.compare')).toHaveText(code)
    await other.getByRole('button', { name: 'Allow' }).click()
    await seen(page, `Signed in as ${account}`)
  })
  await toHome(page)
  expect(await current(page)).toMatchObject({ state: 'active', account })
  expect(await desk.kept()).toHaveLength(2)
  await noFaults(page)
})

test('a sign-out while the service is stopped is owed to it, and paid', async ({ page }) => {
  await show(page, desk, account)
  const { lastFour, tokenId, registries } = await current(page)
  expect((await desk.lanyard('token', 'list')).out).toContain(tokenId)
  expect((await desk.lanyard('service', 'stop')).code).toBe(0)
  await signOut(page)
  await expect(page.getByText(`Token …${lastFour} and session: removed from the keychain`)).toBeVisible()
  await expect(page.getByText('The server does not know yet')).toBeVisible()
  await expect(page.getByText('The token was tried once more, and is refused')).toHaveCount(0)
  await noFaults(page)
  await press(page, 'Done')
  await seen(page, start)
  // What is owed is no token: tools get none.
  expect((await desk.kept()).filter((one) => !one.includes('pending/'))).toEqual([])
  expect(registries.length).toBeGreaterThan(0)

  // The next start of the service, and whatever looks next, ends the session there.
  const view = await signIn(page, desk)
  await expect
    .poll(async () => (await desk.lanyard('token', 'list')).out, { timeout: 40_000 })
    .not.toContain(tokenId)
  expect(view.tokenId).not.toBe(tokenId)
  expect(await desk.kept()).toHaveLength(2)
})

test('a sign-in in a terminal and one here take turns', async ({ page }) => {
  await show(page, desk, account)
  const { server } = await current(page)
  await page.evaluate(() => window.go.app.Session?.SignOut?.(false))
  await show(page, desk, start)
  const before = (await desk.opened()).length
  await press(page, 'Sign in')
  await newlyOpened(desk, before)
  const said = await desk.lanyard('login', '--no-browser')
  expect(said.code).not.toBe(0)
  expect(said.err).toContain('another sign-in is under way')
  await press(page, 'Cancel')
  await seen(page, start)
  expect(await login(server, account, 'lyd_pat_wrong')).toBe(401)
  expect(await desk.kept()).toEqual([])
})

test('signing in at another Lanyard server, by its address', async ({ page }) => {
  const free = createServer()
  await new Promise<void>((up) => free.listen(0, '127.0.0.1', up))
  const { port } = free.address() as AddressInfo
  await new Promise((down) => free.close(down))
  const data = desk.file('other')
  const other = spawn(
    '../build/bin/lanyard',
    ['serve', '--data', data, '--storage', `${data}/images`, '--listen', `127.0.0.1:${port}`],
    { stdio: 'ignore' },
  )
  try {
    const server = `http://localhost:${port}`
    await expect
      .poll(async () => (await fetch(`${server}/.well-known/lanyard`).catch(() => null))?.status)
      .toBe(200)
    const made = await desk.ask<{ code: number }>('/terminal', {
      args: ['user', 'add', account, '--data', data],
      stdin: `${password}\n`,
    })
    expect(made.code).toBe(0)

    await show(page, desk, start)
    await page.getByRole('radio', { name: /Another Lanyard server/ }).check()
    await page.getByRole('textbox', { name: 'Address of the server' }).fill(` localhost:${port}/ `)
    const view = await signIn(page, desk)
    expect(view).toMatchObject({ state: 'active', account, server, own: false })
    await expect(page.getByRole('region', { name: account })).not.toContainText('own service')
    await noFaults(page)
    await signOut(page)
    await expect(page.getByText('Session ended at the server')).toBeVisible()
    expect(await desk.kept()).toEqual([])
  } finally {
    const ended = once(other, 'exit')
    other.kill()
    await ended
  }
})

test('without a keychain there is no sign-in, and it is said before one begins', async ({ page }) => {
  await show(page, desk, start)
  await desk.ask('/keychain/remove')
  const before = (await desk.opened()).length
  await press(page, 'Sign in')
  await expect(page.getByRole('alert')).toContainText('No keychain answers in this session')
  await noFaults(page)
  expect((await desk.opened()).length).toBe(before)
  await page.keyboard.press('F5')
  await seen(page, 'This computer has no keychain')
  await noFaults(page)
  await desk.ask('/keychain/start')
  await press(page, 'Try again')
  await seen(page, start)
})
