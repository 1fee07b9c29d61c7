import { openDesk } from './desk'
import {
  account,
  begin,
  current,
  expect,
  generate,
  go,
  list,
  login,
  noFaults,
  onePage,
  row,
  test,
  tokens,
} from './fixture'

// What is done in a terminal, by a tool or at another computer shows in the
// open window by itself, within two seconds.
test.describe.configure({ mode: 'serial' })
const desk = openDesk()
const at = onePage(desk)
const soon = { timeout: 2_000 }

// told fails if the page was loaded anew or looked by itself: all that comes, comes without.
async function marked() {
  await at.page.evaluate(() => Object.assign(window, { marked: true }))
}
test.afterEach(async () => {
  expect(await at.page.evaluate(() => 'marked' in window)).toBe(true)
})

test('a token that a terminal makes, deactivates and deletes', async () => {
  const { page } = at
  await begin(page, desk)
  await marked()
  await go(page, 'Personal access tokens')
  await expect(tokens(page)).toBeVisible()
  const made = await desk.lanyard('token', 'create', '--description', 'from a terminal')
  expect(made.code, made.err).toBe(0)
  await expect(row(page, 'from a terminal')).toBeVisible(soon)
  const { id } = (await list(page)).tokens.find((one) => one.description === 'from a terminal') ?? { id: '' }
  expect((await desk.lanyard('token', 'deactivate', id)).code).toBe(0)
  await expect(row(page, 'from a terminal')).toContainText('Deactivated', soon)
  expect((await desk.lanyard('token', 'delete', id)).code).toBe(0)
  await expect(row(page, 'from a terminal')).toHaveCount(0, soon)
})

test('what uses a token, with its address and its name, in the list and in the side pane', async () => {
  const { page } = at
  const { server } = await current(page)
  const secret = await generate(page, 'runner', 'Read')
  await expect(row(page, 'runner').locator('[data-label="Last used"]')).toContainText('Never')
  await page.getByRole('button', { name: 'runner', exact: true }).click()
  const pane = page.getByRole('region', { name: 'runner' })
  await expect(pane).toContainText('Nobody has used it yet.')
  expect(await login(server, account, secret, 'Docker-Client/28.1.1 (linux)')).toBe(200)
  await expect(pane).toContainText('Docker-Client/28.1.1 (linux), 1 time', soon)
  await expect(pane).toContainText(/127\.0\.0\.1|::1/)
  await expect(row(page, 'runner')).toContainText('just now')
  expect(await login(server, account, secret, 'Docker-Client/28.1.1 (linux)')).toBe(200)
  await expect(pane).toContainText('2 times') // what follows at once is told together
  await noFaults(page)
  await page.keyboard.press('Escape')
  await expect(pane).toHaveCount(0)
})

test('a tool that asks for a token, among the last uses', async () => {
  const { page } = at
  const { registries } = await current(page)
  await go(page, 'Home')
  const uses = page.getByRole('region', { name: 'Last uses' })
  await expect(uses).toContainText('No tool has asked yet.')
  const card = page.getByRole('region', { name: 'Container tools' })
  await expect(card).toContainText('Not set up')
  const setUp = await desk.lanyard('docker', 'setup', '--yes')
  expect(setUp.code, setUp.err).toBe(0)
  await expect(card.getByText('Set up', { exact: true })).toBeVisible(soon)
  await desk.shell(`crane ls ${registries[0] ?? ''}/${account}/app`) // there is none: it asks all the same
  await expect(uses).toContainText(`crane used ${registries[0] ?? ''}`, soon)
  await expect(uses).toContainText(/just now|second/)
  await noFaults(page)
})

test('another computer that signs in, and what the account’s page says of it', async () => {
  const { page } = at
  await go(page, 'Security')
  await expect(page.getByRole('region', { name: 'Sessions and computers' })).toBeVisible()
  await desk.ask('/elsewhere', { person: account, machine: 'build-vm' })
  await expect(page.getByRole('button', { name: 'End the session of build-vm' })).toBeVisible(soon)
  await go(page, 'Activity')
  await expect(page.getByText('A token was generated for a computer: Lanyard on build-vm')).toBeVisible()
  const made = await desk.lanyard('token', 'create', '--description', 'seen in passing')
  expect(made.code, made.err).toBe(0)
  await expect(page.getByText('The token seen in passing was generated')).toBeVisible(soon)
})

test('the service that a terminal stops and starts', async () => {
  const { page } = at
  await go(page, 'This computer’s service')
  await expect(page.getByText('Running', { exact: true })).toBeVisible()
  expect((await desk.lanyard('service', 'stop')).code).toBe(0)
  await expect(page.getByText('Stopped', { exact: true })).toBeVisible(soon)
  await expect(page.getByText('The server does not answer')).toBeVisible(soon)
  expect((await desk.lanyard('service', 'start')).code).toBe(0)
  await expect(page.getByText('Running', { exact: true })).toBeVisible(soon)
  await expect(page.getByText('The server does not answer')).toHaveCount(0, soon)
})

test('a sign-out in a terminal', async () => {
  const { page } = at
  await go(page, 'Home')
  expect((await desk.lanyard('logout')).code).toBe(0)
  await expect(page.getByRole('heading', { level: 1, name: 'Sign in once' })).toBeVisible(soon)
  expect((await current(page)).state).toBe('signed_out')
})
