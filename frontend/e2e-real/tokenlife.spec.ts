import { readFile, stat } from 'node:fs/promises'
import { openDesk } from './desk'
import {
  account,
  begin,
  current,
  expect,
  generate,
  go,
  leave,
  list,
  login,
  noFaults,
  onePage,
  pick,
  press,
  row,
  test,
  tokens,
} from './fixture'

// The life of tokens in one open window: for some repositories and some days,
// used by a tool, rotated, asked about, pinned, and many at once.
test.describe.configure({ mode: 'serial' })
const desk = openDesk()
const at = onePage(desk, { viewport: { width: 1280, height: 800 } })
const soon = { timeout: 2_000 }
const secrets = { first: '', second: '' }

test('for some repositories and thirty days, saved to a file that a tool reads', async () => {
  const { page } = at
  const { registries } = await begin(page, desk)
  const host = registries[0] ?? ''
  await go(page, 'Personal access tokens')
  await press(page, 'Generate new token')
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Description').fill('nightly')
  await expect(dialog.getByRole('radio', { name: '30 days' })).toBeChecked()
  await dialog.getByRole('radio', { name: 'Read, Write', exact: true }).check()
  await dialog.getByRole('radio', { name: 'Only some' }).check()
  const names = dialog.getByRole('textbox', { name: 'Names and patterns of repositories' })
  await names.fill('Anna/App')
  await dialog.getByRole('button', { name: 'Generate' }).click()
  await expect(dialog.getByText(/Anna\/App.* is neither a repository/)).toBeVisible()
  await noFaults(page)
  await names.fill(`${account}/app\n${account}/tools-*`)
  await dialog.getByRole('button', { name: 'Generate' }).click()
  await expect(dialog).toHaveAccessibleName('Copy your new token now')
  secrets.first = await dialog.getByLabel('New token', { exact: true }).innerText()
  for (const tab of ['docker', 'podman', 'GitHub Actions', 'Kubernetes', 'File']) {
    await dialog.getByRole('tab', { name: tab, exact: true }).click()
    expect((await dialog.getByRole('tabpanel').innerText()).includes(secrets.first)).toBe(false)
  }
  await noFaults(page)
  await press(page, 'Save to a file …')
  await desk.saves('Save the token', 'nightly.token')
  await expect(dialog.getByText(`Saved to ${desk.file('nightly.token')}.`)).toBeVisible()
  expect((await stat(desk.file('nightly.token'))).mode & 0o777).toBe(0o600)
  expect((await readFile(desk.file('nightly.token'), 'utf8')).trim() === secrets.first).toBe(true)
  await press(page, 'Done') // it is somewhere now
  await expect(dialog).toHaveCount(0)

  const one = row(page, 'nightly')
  await expect(one).toContainText('in 2 names or patterns')
  await page.getByRole('button', { name: 'nightly', exact: true }).click()
  const pane = page.getByRole('region', { name: 'nightly' })
  await expect(pane).toContainText(`${account}/tools-*`)
  const said = await desk.shell(
    `skopeo login --tls-verify=false --authfile "$HOME/auth.json" -u ${account} --password-stdin ${host} <"$HOME/nightly.token"`,
  )
  expect(said.code, said.err).toBe(0)
  await expect(pane).toContainText(/skopeo\/[\d.]+/, soon)
  await expect(pane).toContainText(/127\.0\.0\.1|::1/)
  await expect(one.locator('[data-label="Last used"]')).toContainText('just now')
  await noFaults(page)
})

test('rotated: the new secret and, for a day, the one before', async () => {
  const { page } = at
  const { server } = await current(page)
  const pane = page.getByRole('region', { name: 'nightly' })
  await pane.getByRole('button', { name: 'Rotate …' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('radio', { name: '24 hours' })).toBeChecked()
  await noFaults(page)
  await dialog.getByRole('button', { name: 'Rotate' }).click()
  await expect(dialog).toHaveAccessibleName('Copy your new token now')
  secrets.second = await dialog.getByLabel('New token', { exact: true }).innerText()
  expect(secrets.second === secrets.first).toBe(false)
  await expect(dialog).toContainText(`The one before, …${secrets.first.slice(-4)}, ends`)
  await noFaults(page)
  await leave(page)
  expect((await desk.clipboard()) === secrets.second).toBe(true)
  expect(await login(server, account, secrets.first, 'left-behind/1.0')).toBe(200)
  expect(await login(server, account, secrets.second)).toBe(200)
  await expect(row(page, 'nightly')).toContainText('Two secrets')
  await expect(pane).toContainText(`The secret before, …${secrets.first.slice(-4)}, still holds`)
  await expect(pane).toContainText(/Last used .* from (127\.0\.0\.1|::1):\s*left-behind\/1\.0/)
  await noFaults(page)
})

test('which token is it, of the new secret, of the one before, and of none', async () => {
  const { page } = at
  await page.keyboard.press('Escape')
  await press(page, 'Which token is this?')
  const dialog = page.getByRole('dialog')
  const ask = async (secret: string) => {
    await dialog.getByLabel('Secret', { exact: true }).fill(secret)
    await dialog.getByRole('button', { name: 'Look' }).click()
  }
  await ask(secrets.second)
  await expect(dialog).toContainText('nightly')
  await expect(dialog).not.toContainText('The one before the last rotation')
  await ask(secrets.first)
  await expect(dialog).toContainText('The one before the last rotation')
  await expect(dialog.getByLabel('Secret', { exact: true })).toHaveValue('')
  await noFaults(page)
  await ask(`${secrets.first}x`)
  await expect(dialog.getByText('The one before the last rotation')).toHaveCount(0)
  await expect(dialog.getByRole('status').last()).not.toBeEmpty()
  await noFaults(page)
  await dialog.getByRole('button', { name: 'Close' }).click()
})

test('pinned: five other computers leave this one its place', async () => {
  const { page } = at
  const own = (await list(page)).tokens.find((one) => one.thisComputer)
  await pick(page, own?.description ?? '', 'Pin')
  await expect(row(page, 'This computer')).toContainText('Pinned')
  for (const one of [1, 2, 3, 4, 5])
    await desk.ask('/elsewhere', { person: account, machine: `build-box-${one}` })
  await expect(row(page, 'build-box-5')).toBeVisible()
  await expect(row(page, 'build-box-1')).toHaveCount(0)
  expect(await current(page)).toMatchObject({ state: 'active', tokenId: own?.id })
  await noFaults(page)
  await pick(page, own?.description ?? '', 'Unpin')
  await expect(row(page, 'This computer')).not.toContainText('Pinned')
})

test('many at once: searched for, deactivated, activated, deleted', async () => {
  const { page } = at
  const { server } = await current(page)
  const made: string[] = []
  for (const name of ['bulk one', 'bulk two', 'bulk three']) made.push(await generate(page, name, 'Read'))
  await page.getByRole('searchbox', { name: 'Search tokens' }).fill('bulk')
  await expect(tokens(page).getByRole('row')).toHaveCount(4) // with the head
  await page.getByRole('checkbox', { name: 'Select all that are shown' }).check()
  const chosen = page.getByRole('group', { name: '3 selected' })
  await noFaults(page)
  await chosen.getByRole('button', { name: 'Deactivate' }).click()
  await expect(page.getByText('3 tokens are deactivated.')).toHaveCount(1) // it can be taken back
  for (const secret of made) expect(await login(server, account, secret)).toBe(401)
  await chosen.getByRole('button', { name: 'Activate' }).click()
  await expect(page.getByText('3 tokens are active.')).toHaveCount(1)
  for (const secret of made) expect(await login(server, account, secret)).toBe(200)
  await chosen.getByRole('button', { name: 'Delete …' }).click()
  const asked = page.getByRole('alertdialog')
  await expect(asked).toHaveAccessibleName('Delete 3 tokens?')
  await noFaults(page)
  await asked.getByRole('button', { name: 'Delete' }).click()
  await expect(asked).toHaveCount(0)
  await expect(page.getByText('No token fits the search and the filters')).toBeVisible()
  for (const secret of made) expect(await login(server, account, secret)).toBe(401)
  await noFaults(page)
  await page.getByRole('button', { name: 'Clear filters' }).first().click()
  await expect(row(page, 'nightly')).toBeVisible()
})

// The last copy was made in the test before: half a minute is soon over.
test('the clipboard is cleared by itself', async () => {
  const { page } = at
  await expect(page.getByText(/^The clipboard is cleared in \d+ s/)).toBeVisible()
  await expect(page.getByText('The clipboard was cleared.')).toHaveCount(1, { timeout: 35_000 })
  expect(await desk.clipboard()).toBe('')
})
