import { readFile } from 'node:fs/promises'
import { openDesk } from './desk'
import {
  account,
  current,
  expect,
  inBrowser,
  giveName,
  newlyOpened,
  noFaults,
  password,
  press,
  seen,
  show,
  start,
  test,
} from './fixture'

// The first run: what is there already, where to, and what is done after the
// sign-in. The self-test pushes and pulls for real.
test.describe.configure({ mode: 'serial' })
const desk = openDesk()
const config = '.docker/config.json'

test('what is there is looked at, and what is missing has its fix', async ({ page }) => {
  await show(page, desk, start)
  const checks = page.locator('.preflight')
  await expect(checks).toContainText('1 thing wants a look. You can sign in all the same.')
  await expect(checks).toContainText('Secrets go into GNOME Keyring.')
  await expect(checks).toContainText('The sign-in opens in your browser.')
  await expect(checks).toContainText(/Found: .*docker/)
  await expect(checks).toContainText('A fresh shell does not find the credential helper yet.')
  await expect(checks).toContainText(`A copy at ${desk.file('.local/bin/docker-credential-lanyard')}`)
  await expect(checks).toContainText("This computer's own service is started when you sign in to it.")
  await noFaults(page)

  // Without a keychain it says so, and what to do; and it sees when there is one again.
  await desk.ask('/keychain/remove')
  await page.reload()
  await seen(page, 'This computer has no keychain')
  await desk.ask('/keychain/start')
  await press(page, 'Try again')
  await seen(page, start)
})

test('an address is tried while it is written, and nothing comes of it', async ({ page }) => {
  await desk.person(account, password)
  const before = await desk.state()
  await show(page, desk, start)
  await page.getByRole('radio', { name: 'Another Lanyard server' }).check()
  const field = page.getByRole('textbox', { name: 'Address of the server' })
  const says = page.locator('.probe')
  await field.fill(desk.places.own)
  await expect(says).toContainText('A Lanyard server, version')
  await expect(says).toContainText('Without encryption: on this computer only')
  await expect(says).toContainText(`Registries: ${new URL(desk.places.own).host}`)
  await noFaults(page)

  const { address } = await desk.ask<{ address: string }>('/untrusted')
  await field.fill(address)
  await expect(says).toContainText('Its certificate is not trusted')
  await expect(says).toContainText(/Fingerprint: sha256:[0-9a-f]{64}/)
  await noFaults(page)
  await field.fill('https://registry.invalid')
  await expect(says).toContainText('Nothing answers there')
  await expect(says).toContainText('there is no such name')
  expect((await desk.ask<{ asked: number }>('/untrusted')).asked).toBe(0)
  expect(await desk.opened()).toEqual([])
  expect(await desk.state()).toEqual(before)
})

test('signed in: what was stored, the difference, and a test that pushes and pulls', async ({ page }) => {
  await show(page, desk, start)
  await press(page, 'Sign in')
  await inBrowser(page, await newlyOpened(desk, 0), async (other) => {
    await giveName(other)
    await other.getByRole('button', { name: 'Allow' }).click()
    await seen(page, `Signed in as ${account}`)
  })
  const { registries, lastFour, try: lines } = await current(page)
  const host = registries[0] ?? ''
  await expect(
    page.getByText('A Read, Write, Delete token for this computer was stored in GNOME Keyring.'),
  ).toBeVisible()
  await expect(page.getByText(`It ends in …${lastFour}.`)).toBeVisible()
  const difference = page.getByRole('region', { name: 'Difference' })
  await expect(difference).toContainText(desk.file(config))
  await expect(difference).toContainText(`"${host}": "lanyard"`)
  for (const { line } of lines.slice(0, 3)) await expect(page.getByText(line, { exact: true })).toBeVisible()
  await noFaults(page)

  // A test at a service that is not there fails, and says at which step and why.
  const tested = page.getByRole('region', { name: 'Try it' })
  expect((await desk.lanyard('service', 'stop')).code).toBe(0)
  await press(page, 'Run the self-test')
  await expect(tested).toContainText('It did not work. The step says why.')
  await expect(tested.getByRole('listitem').first()).toContainText(/Push failed.*connection refused/)
  await noFaults(page)

  expect((await desk.lanyard('service', 'start')).code).toBe(0)
  await press(page, 'Run it again')
  await expect(tested).toContainText('It works: what was pushed came back.')
  for (const step of ['Push', 'Pull', 'Compare', 'Delete'])
    await expect(tested.getByRole('listitem').filter({ hasText: step })).toContainText(/\d ms/)
  await noFaults(page)

  await page.getByRole('checkbox', { name: /Copy the credential helper to/ }).check()
  await press(page, 'Apply')
  await expect(page.getByText('The tools ask Lanyard.')).toBeVisible()
  expect(JSON.parse(await readFile(desk.file(config), 'utf8'))).toMatchObject({
    credHelpers: { [host]: 'lanyard' },
  })
  await press(page, 'Go to Home')
  await expect(page.getByRole('heading', { level: 1, name: account, exact: true })).toBeVisible()
  await expect(page.getByText('Set up', { exact: true })).toBeVisible()
})

test('what the self-test did was real, and nothing of it is left', async ({ page }) => {
  await show(page, desk, account)
  const { registries } = await current(page)
  const shown = await desk.lanyard('repo', 'show', `${account}/lanyard-self-test`)
  expect(shown.out, shown.err).toMatch(/pulls +[1-9]/)
  expect(shown.out).toMatch(/push(es)? +[1-9]/)
  const left = await desk.shell(`crane ls ${registries[0] ?? ''}/${account}/lanyard-self-test`)
  expect(left.out).toBe('')
})

test('the next start shows Home at once', async ({ page }) => {
  await show(page, desk, account)
  await expect(page.getByRole('heading', { level: 1, name: account, exact: true })).toBeVisible()
  await expect(page.getByText('Go to Home')).toHaveCount(0)
})
