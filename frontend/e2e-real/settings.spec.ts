import { readdir, readFile, stat } from 'node:fs/promises'
import { openDesk } from './desk'
import {
  account,
  begin,
  current,
  expect,
  go,
  newlyOpened,
  noFaults,
  onePage,
  press,
  seen,
  start,
  test,
} from './fixture'

// The settings: each at once, kept, and what they do on this computer.
test.describe.configure({ mode: 'serial' })
const desk = openDesk()
const at = onePage(desk, { viewport: { width: 1280, height: 800 } })

const passphrase = 'correct horse battery staple'
const config = '.docker/config.json'
const background = () => at.page.evaluate(() => getComputedStyle(document.body).backgroundColor)
const autostart = () => readdir(desk.file('.config/autostart')).catch(() => [])

test('theme and language, at once, and after the next start', async () => {
  const { page } = at
  await begin(page, desk)
  await go(page, 'General')
  const light = await background()
  await page.getByLabel('Theme').selectOption('dark')
  await expect.poll(background).not.toBe(light)
  await noFaults(page)
  await page.getByLabel('Language').selectOption('de')
  await seen(page, 'Allgemein')
  await expect(page.locator('html')).toHaveAttribute('lang', 'de')
  await noFaults(page)
  await page.reload()
  await page.getByRole('button', { name: 'Persönliche Zugangstoken' }).click()
  await seen(page, 'Persönliche Zugangstoken')
  await expect(page.getByRole('table')).toBeVisible()
  expect(await background()).not.toBe(light)
  await noFaults(page)
  await page.getByRole('button', { name: 'Allgemein' }).click()
  await page.getByLabel('Sprache').selectOption('en')
  await seen(page, 'General')
  await page.getByLabel('Theme').selectOption('system')
  await expect.poll(background).toBe(light)
})

test('open at log-in: a file of the desktop’s, and off again', async () => {
  const { page } = at
  const box = page.getByRole('checkbox', { name: 'Open Lanyard when I log in' })
  await expect(box).not.toBeChecked()
  expect(await autostart()).toEqual([])
  await box.click()
  await expect.poll(autostart).toHaveLength(1)
  const file = desk.file(`.config/autostart/${(await autostart())[0] ?? ''}`)
  expect(await readFile(file, 'utf8')).toMatch(/^Exec=.*lanyard-desktop/m)
  await page.reload()
  await go(page, 'General')
  await expect(box).toBeChecked()
  await box.click()
  await expect.poll(autostart).toEqual([])
})

test('the service: its folder, and a copy of its database', async () => {
  const { page } = at
  await go(page, 'This computer’s service')
  await expect(page.getByText(/Process \d+/)).toBeVisible()
  const before = (await desk.opened()).length
  await press(page, 'Open folder')
  expect(await newlyOpened(desk, before)).toContain(desk.file('.local/share/lanyard/service'))
  await expect(page.getByText('None so far')).toBeVisible()
  const save = page.getByRole('button', { name: 'Save a backup …' })
  await save.click()
  await desk.saves('Back up the database', '')
  await expect(save).toBeVisible()
  await expect(page.getByText('None so far')).toBeVisible()
  await save.click()
  await desk.saves('Back up the database', 'lanyard.backup')
  await expect(page.getByText(`Saved to ${desk.file('lanyard.backup')}`)).toBeVisible()
  await expect(page.getByText('Last one just now')).toBeVisible()
  const saved = await stat(desk.file('lanyard.backup'))
  expect(saved.size).toBeGreaterThan(1000)
  expect(saved.mode & 0o777).toBe(0o600)
  await noFaults(page)
})

test('the keychain: into an encrypted file, locked, opened, and back', async () => {
  const { page } = at
  await go(page, 'Keychain')
  await expect(page.getByRole('heading', { name: 'GNOME Keyring' })).toBeVisible()
  await expect(page.getByText('2 secrets')).toBeVisible()
  await noFaults(page)
  await press(page, 'Use an encrypted file …')
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('New passphrase').fill(passphrase)
  await dialog.getByLabel('The same once more').fill('another')
  await press(page, 'Move the secrets')
  await expect(dialog).toContainText('The two are not the same.')
  await noFaults(page)
  await dialog.getByLabel('The same once more').fill(passphrase)
  await press(page, 'Move the secrets')
  await expect(dialog).toHaveCount(0)
  await expect(page.getByText('An encrypted file', { exact: true }).first()).toBeVisible()
  await expect(page.getByText('2 secrets')).toBeVisible()
  await noFaults(page)
  expect((await current(page)).state).toBe('active')

  await press(page, 'Lock')
  await expect(page.getByText('Locked', { exact: true })).toBeVisible()
  await go(page, 'Sign in')
  await seen(page, 'The encrypted file is locked')
  await noFaults(page)
  await page.getByLabel('Passphrase').fill('wrong passphrase')
  await press(page, 'Unlock')
  await expect(page.getByRole('alert')).toContainText('does not open the encrypted file')
  await noFaults(page)
  await page.getByLabel('Passphrase').fill(passphrase)
  await press(page, 'Unlock')
  await seen(page, account)
  await expect(page.getByText('Kept in an encrypted file; shown to nobody.')).toBeVisible()
  expect((await current(page)).state).toBe('active')
  await go(page, 'Keychain')
  await expect(page.getByText('Open', { exact: true })).toBeVisible()
  await press(page, 'Use the system’s keychain')
  await expect(page.getByRole('heading', { name: 'GNOME Keyring' })).toBeVisible()
  await expect(page.getByText('2 secrets')).toBeVisible()
  expect(await desk.kept()).toHaveLength(2)
})

test('what is told on the desktop can be chosen', async () => {
  const { page } = at
  await go(page, 'Notifications')
  const box = page.getByRole('checkbox', { name: 'A token expires soon' })
  await box.click()
  await page.reload()
  await go(page, 'Notifications')
  await expect(box).not.toBeChecked()
  await expect(page.getByRole('checkbox', { name: 'A session ends' })).toBeChecked()
  await noFaults(page)
})

test('the report for a fault has no secrets, and can be saved', async () => {
  const { page } = at
  await go(page, 'Diagnostics')
  await page.getByRole('combobox', { name: 'Log level' }).selectOption('debug')
  const secrets = await desk.ask<string[]>('/plant')
  try {
    await press(page, 'Make a report')
    const text = page.getByRole('region', { name: 'Text of the report' })
    await expect(text).toContainText(account)
    await noFaults(page)
    await press(page, 'Save …')
    await desk.saves('Save the report', 'report.txt')
    await expect(page.getByText(`Saved to ${desk.file('report.txt')}`)).toBeVisible()
    const texts = [await text.innerText(), await readFile(desk.file('report.txt'), 'utf8')]
    for (const one of texts) {
      expect(one.length).toBeGreaterThan(500)
      for (const secret of secrets) expect(one.includes(secret), 'a secret in the report').toBe(false)
    }
  } finally {
    await desk.ask('/restore')
  }
})

test('about', async () => {
  const { page } = at
  await go(page, 'About')
  await expect(page.getByText(desk.file('.config/lanyard'))).toBeVisible()
  await noFaults(page)
})

test('reset, once the word is typed: signed out, tools as they were, no settings', async () => {
  const { page } = at
  await desk.write(config, '{}\n')
  expect((await desk.lanyard('docker', 'setup', '--yes')).code).toBe(0)
  expect(await readFile(desk.file(config), 'utf8')).toContain('lanyard')
  await go(page, 'Diagnostics')
  await press(page, 'Reset Lanyard …')
  const asked = page.getByRole('alertdialog')
  await expect(asked).toHaveAccessibleName('Reset Lanyard on this computer?')
  await asked.getByLabel('To go on, type reset').fill('rest')
  await asked.getByRole('button', { name: 'Reset' }).click({ force: true }) // it is disabled, in words
  await expect(asked).toBeVisible()
  await noFaults(page)
  expect((await current(page)).state).toBe('active')
  await asked.getByLabel('To go on, type reset').fill('reset')
  await asked.getByRole('button', { name: 'Reset' }).click()
  await expect(page.getByText('Reset. 1 account was signed out.')).toBeVisible()
  await noFaults(page)
  expect((await current(page)).state).toBe('signed_out')
  expect(await desk.kept()).toEqual([])
  expect(await readFile(desk.file(config), 'utf8')).toBe('{}\n')
  expect(Object.keys(await desk.state())).not.toContain('.config/lanyard/settings.json')
  await page.reload()
  await seen(page, start)
})
