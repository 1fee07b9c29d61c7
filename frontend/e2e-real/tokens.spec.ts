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
  openTokens,
  pick,
  press,
  row,
  test,
  tokens,
} from './fixture'

// Personal access tokens, from the first to the last of one.
test.describe.configure({ mode: 'serial' })
const desk = openDesk()

test('the list has this computer’s own token, with its badge', async ({ page }) => {
  await begin(page, desk)
  await go(page, 'Personal access tokens')
  const own = row(page, 'This computer')
  await expect(own).toHaveCount(1)
  await expect(own).toContainText('Auto-generated')
  await expect(own).toContainText('Active')
  await expect(own).toContainText('Read, Write, Delete')
  await expect(own).toContainText(`…${(await current(page)).lastFour}`)
  await expect(page.getByText('1 active, 0 deactivated')).toBeVisible()
  await noFaults(page)
})

test('a generated token is shown once, works, is refused, renamed and deleted', async ({ page }) => {
  await openTokens(page, desk)
  const { server } = await current(page)
  await press(page, 'Generate new token')
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
  expect((await page.content()).includes(secret), 'the secret is still there').toBe(false)
  expect(JSON.stringify(await list(page)).includes(secret), 'the list has the secret').toBe(false)
  await expect(row(page, 'ci runner')).toContainText('Manual')
  await expect(row(page, 'ci runner')).toContainText('Read, Write')
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

  await pick(page, 'ci runner', 'Edit …')
  await expect(dialog).toHaveAccessibleName('Edit token')
  await noFaults(page)
  await dialog.getByLabel('Description').fill('nightly build')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(dialog).toHaveCount(0)
  await expect(row(page, 'nightly build')).toBeVisible()
  expect((await list(page)).tokens.map((one) => one.description)).toContain('nightly build')
  expect(await login(server, account, secret)).toBe(200)

  await pick(page, 'nightly build', 'Delete …')
  const asked = page.getByRole('alertdialog')
  await expect(asked).toContainText('Whatever uses it is refused from then on.')
  await noFaults(page)
  await asked.getByRole('button', { name: 'Cancel' }).click()
  await expect(row(page, 'nightly build')).toBeVisible()
  await pick(page, 'nightly build', 'Delete …')
  await asked.getByRole('button', { name: 'Delete' }).click()
  await expect(row(page, 'nightly build')).toHaveCount(0)
  expect(await login(server, account, secret)).toBe(401)
  await expect(page.getByText('1 active, 0 deactivated')).toBeVisible()
})

test('each access permission is what the list and the service say', async ({ page }) => {
  await openTokens(page, desk)
  const { server } = await current(page)
  for (const access of ['Public read', 'Read', 'Read, Write', 'Read, Write, Delete']) {
    const secret = await generate(page, `for ${access.toLowerCase()}`, access)
    const one = row(page, `…${secret.slice(-4)}`)
    await expect(one.locator('[data-label="Access permissions"]')).toHaveText(access)
    expect(await login(server, account, secret)).toBe(200)
    // It was used, from here.
    await page.keyboard.press('F5')
    await expect(one.locator('[data-label="Last used"]')).toContainText(/just now|minute/)
  }
  await noFaults(page)
})

test('a token with an end of its own, and ends that cannot be', async ({ page }) => {
  await openTokens(page, desk)
  await press(page, 'Generate new token')
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Description').fill('until spring')
  await dialog.getByRole('radio', { name: 'Custom' }).check()
  await dialog.getByRole('button', { name: 'Generate' }).click()
  await expect(dialog.getByText('Enter a day like 2027-01-31.')).toBeVisible()
  await dialog.getByLabel('Last day').fill('2020-01-31')
  await expect(dialog.getByText('That time is over. Choose a later one.')).toBeVisible()
  await dialog.getByLabel('Last day').fill('2099-01-31')
  await expect(dialog.getByText('That is more than a year ahead. Choose an earlier day.')).toBeVisible()
  await noFaults(page)
  const year = new Date().getUTCFullYear() + 1
  await dialog.getByLabel('Last day').fill(`${year}-01-31`)
  await dialog.getByRole('button', { name: 'Generate' }).click()
  await expect(dialog).toHaveAccessibleName('Copy your new token now')
  await leave(page)
  await expect(row(page, 'until spring').locator('[data-label="Expires"]')).toContainText(`31 Jan ${year}`)
})

test('another computer’s token: said what its end means, and ended', async ({ page }) => {
  const secret = await desk.ask<string>('/elsewhere', { person: account, machine: 'build-box' })
  await openTokens(page, desk)
  const { server } = await current(page)
  expect(await login(server, account, secret)).toBe(200)
  const there = (await list(page)).tokens.find((one) => one.machine === 'build-box')
  expect(there).toMatchObject({ source: 'auto', thisComputer: false })
  await pick(page, there?.description ?? '', 'Deactivate …')
  const asked = page.getByRole('alertdialog')
  await expect(asked).toContainText('the container tools on build-box are refused')
  await asked.getByRole('button', { name: 'Deactivate' }).click()
  await expect(row(page, 'build-box')).toContainText('Deactivated')
  expect(await login(server, account, secret)).toBe(401)
  await pick(page, there?.description ?? '', 'Delete …')
  await expect(asked).toContainText('This ends the session on build-box')
  await noFaults(page)
  await asked.getByRole('button', { name: 'Delete' }).click()
  await expect(row(page, 'build-box')).toHaveCount(0)
})

test('this computer’s own token: renamed, deactivated, activated', async ({ page }) => {
  await openTokens(page, desk)
  const own = (await list(page)).tokens.find((one) => one.thisComputer)
  const dialog = page.getByRole('dialog')
  await pick(page, own?.description ?? '', 'Edit …')
  await dialog.getByLabel('Description').fill('the desk by the window')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(row(page, 'the desk by the window')).toContainText('This computer')

  await pick(page, 'the desk by the window', 'Deactivate …')
  const asked = page.getByRole('alertdialog')
  await expect(asked).toHaveAccessibleName('Deactivate this computer’s own token?')
  await asked.getByRole('button', { name: 'Deactivate' }).click()
  await expect(row(page, 'the desk by the window')).toContainText('Deactivated')
  expect((await current(page)).state).toBe('deactivated')
  await pick(page, 'the desk by the window', 'Activate')
  await expect(row(page, 'the desk by the window')).not.toContainText('Deactivated')
  expect((await current(page)).state).toBe('active')
})

test('a token that is gone meanwhile is said to be', async ({ page }) => {
  await openTokens(page, desk)
  await generate(page, 'short-lived', 'Read')
  const { id } = (await list(page)).tokens.find((one) => one.description === 'short-lived') ?? { id: '' }
  await pick(page, 'short-lived', 'Edit …')
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Description').fill('longer-lived')
  expect((await desk.lanyard('token', 'delete', id)).code).toBe(0)
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(dialog.getByRole('alert')).toContainText('It is not there any more.')
  await noFaults(page)
  await press(page, 'Cancel')
  await expect(row(page, 'short-lived')).toHaveCount(0)
  await expect(row(page, 'longer-lived')).toHaveCount(0)
  await expect(tokens(page)).toBeVisible()
  await expect(page.getByRole('alert')).toHaveCount(0)
})
