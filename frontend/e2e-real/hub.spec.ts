import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Page } from '@playwright/test'
import { openDesk } from './desk'
import {
  account,
  current,
  expect,
  giveName,
  go,
  newlyOpened,
  noFaults,
  onePage,
  password,
  press,
  seen,
  signOut,
  start,
  test,
  toHome,
} from './fixture'

// Docker Hub, by the person's own docker: the real one, on a desk that reaches
// our own service under Docker Hub's names and nothing else.
test.describe.configure({ mode: 'serial' })
const desk = openDesk('-hub')
const at = onePage(desk)
const config = '.docker/config.json'
let before: Awaited<ReturnType<typeof desk.state>>

test.beforeAll(async () => {
  const made = await desk.ask<{ code: number; err: string }>('/terminal', {
    args: ['user', 'add', account, '--data', desk.file('hub')],
    stdin: `${password}\n`,
  })
  expect(made.code, made.err).toBe(0)
})

// asked is what the tools are told for a host.
async function asked(host: string) {
  const helper = resolve('../build/bin/docker-credential-lanyard')
  const said = await desk.shell(`printf %s ${host} | ${helper} get`)
  return said.code === 0 ? (JSON.parse(said.out) as { Username: string; Secret: string }) : null
}

// folders are what docker was given for a minute, and not taken back.
const folders = async () => (await desk.shell('ls -d "$XDG_RUNTIME_DIR"/lanyard-* 2>/dev/null')).out

// begin has docker open the browser, and returns the address.
async function begin(page: Page): Promise<string> {
  const opened = (await desk.opened()).length
  await page.getByRole('radio', { name: 'Docker Hub', exact: true }).check()
  await expect(page.getByRole('radio', { name: 'Through docker’s own sign-in' })).toBeChecked()
  await press(page, 'Sign in')
  await seen(page, 'Enter this code in a browser')
  return newlyOpened(desk, opened)
}

test('docker opens the browser, and a sign-in that is cancelled leaves nothing', async () => {
  const { page } = at
  await seen(page, start)
  before = await desk.state()
  const address = new URL(await begin(page))
  expect(address.host).toBe('login.docker.com')
  await expect(page.getByLabel('Code', { exact: true })).toHaveText(/^[A-Z]{4}-[A-Z]{4}$/)
  expect(await folders()).not.toBe('')
  await noFaults(page)
  await press(page, 'Cancel')
  await seen(page, start)
  await expect(page.getByRole('alert')).toHaveCount(0)
  expect(await folders()).toBe('')
  expect(await desk.state()).toEqual(before)
})

test('signed in on docker’s own page: what was stored where', async () => {
  const { page } = at
  const address = await begin(page)
  const code = await page.getByLabel('Code', { exact: true }).innerText()
  // A browser that reaches login.docker.com as docker does.
  const context = await page
    .context()
    .browser()
    ?.newContext({
      proxy: { server: desk.places.proxy },
      ignoreHTTPSErrors: true,
    })
  const other = await context?.newPage()
  if (!other) throw new Error('there is no browser')
  await other.goto(address)
  await giveName(other)
  const field = other.getByRole('textbox')
  if (await field.isVisible()) {
    await field.fill(code)
    await other.getByRole('button', { name: 'Go on' }).click()
  }
  await expect(other.locator('.compare')).toHaveText(code)
  await other.getByRole('button', { name: 'Allow' }).click()
  await seen(page, `Signed in as ${account}`)
  await context?.close()
  const view = await current(page)
  expect(view).toMatchObject({ state: 'active', account, own: false, keychain: 'GNOME Keyring' })
  await expect(page.getByText(`It ends in …${view.lastFour}.`)).toBeVisible()
  await expect(page.getByRole('region', { name: 'Difference' })).toContainText('docker.io')
  await noFaults(page)

  expect((await desk.kept()).sort()).toEqual([
    `keychain: session/https:%2F%2Fhub.docker.com/${account}`,
    `keychain: token/https:%2F%2Fhub.docker.com/${account}`,
  ])
  expect(await folders()).toBe('')
  const told = await asked('https://index.docker.io/v1/')
  expect(told?.Username).toBe(account)
  expect(told?.Secret.slice(-4)).toBe(view.lastFour)
  expect(await asked('docker.io')).toMatchObject({ Username: account, Secret: told?.Secret })
  for (const key of ['access-token', 'refresh-token'])
    expect(await asked(`https://index.docker.io/v1/${key}`)).toBeNull()
  // In no file, whether of ours or of docker's.
  const found = await desk.shell(`grep -rlF -e '${told?.Secret}' "$HOME" "$XDG_RUNTIME_DIR"`)
  expect(found.out).toBe('')
})

test('set up, docker’s names are pushed to and pulled from', async () => {
  const { page } = at
  await page.getByRole('checkbox', { name: /Copy the credential helper to/ }).check()
  await press(page, 'Apply')
  await expect(page.getByText('The tools ask Lanyard.')).toBeVisible()
  const { credHelpers } = JSON.parse(await readFile(desk.file(config), 'utf8')) as {
    credHelpers: Record<string, string>
  }
  expect(credHelpers).toEqual({ 'https://index.docker.io/v1/': 'lanyard', 'docker.io': 'lanyard' })
  const pushed = await desk.shell(
    `cd "$XDG_RUNTIME_DIR" && tar cf layer.tar -C /etc hostname && crane append -f layer.tar -t index.docker.io/${account}/hello:1 && crane digest index.docker.io/${account}/hello:1`,
  )
  expect(pushed.code, pushed.err).toBe(0)
  expect(pushed.out).toMatch(/sha256:[0-9a-f]{64}\s*$/)
})

test('Home, and the tokens at Docker Hub', async () => {
  const { page } = at
  await toHome(page)
  const { lastFour } = await current(page)
  const facts = page.getByRole('region', { name: account })
  await expect(facts).toContainText('Docker Hub')
  await expect(facts).toContainText(`…${lastFour}`)
  await noFaults(page)
  await go(page, 'Personal access tokens')
  await expect(page.getByRole('row').filter({ hasText: `…${lastFour}` })).toBeVisible()
  await noFaults(page)
  const said = await desk.lanyard('status')
  expect(said.out).toContain(account)
  expect(said.out).toContain(lastFour)
})

test('signing out deletes the token there, and leaves nothing here', async () => {
  const { page } = at
  const { lastFour } = await current(page)
  await go(page, 'Home')
  await signOut(page)
  await expect(page.getByText(`Token …${lastFour} and session: removed from the keychain`)).toBeVisible()
  await expect(page.getByText('The token was tried once more, and is refused')).toBeVisible()
  await noFaults(page)
  await press(page, 'Done')
  await seen(page, start)
  expect(await desk.kept()).toEqual([])
  expect(await asked('docker.io')).toBeNull()
  expect(await folders()).toBe('')
  const left = await desk.state()
  expect(left[config]).toBe(before[config])
})
