import { readFile } from 'node:fs/promises'
import { openDesk } from './desk'
import {
  account,
  begin,
  current,
  expect,
  go,
  inBrowser,
  login,
  newlyOpened,
  noFaults,
  onePage,
  seen,
  test,
} from './fixture'

// Where the account is signed in, who tried, and what happened: ended from
// here, and kept.
test.describe.configure({ mode: 'serial' })
const desk = openDesk()
const at = onePage(desk)

const sessions = () => at.page.getByRole('region', { name: 'Sessions and computers' })
const elsewhere = (machine: string) => desk.ask<string>('/elsewhere', { person: account, machine })

test('a second session, and its end from here', async () => {
  const { page } = at
  const { server, lastFour } = await begin(page, desk)
  const secret = await elsewhere('build-vm')
  expect(await login(server, account, secret)).toBe(200)
  await go(page, 'Security')
  await expect(sessions().getByRole('listitem')).toHaveCount(2)
  const here = sessions().getByRole('listitem').filter({ hasText: 'This computer' })
  await expect(here).toContainText(`token …${lastFour}`)
  const there = sessions().getByRole('listitem').filter({ hasText: 'build-vm' })
  await expect(there).toContainText('linux')
  await expect(there).toContainText(`token …${secret.slice(-4)}`)
  await expect(there).toContainText(/from (127\.0\.0\.1|::1)/)
  await noFaults(page)

  await page.getByRole('button', { name: 'End the session of build-vm' }).click()
  const asked = page.getByRole('alertdialog')
  await expect(asked).toHaveAccessibleName('End the session of build-vm?')
  await expect(asked).toContainText('Signed out at once: build-vm.')
  await noFaults(page)
  await asked.getByRole('button', { name: 'Cancel' }).click()
  expect(await login(server, account, secret)).toBe(200)
  await page.getByRole('button', { name: 'End the session of build-vm' }).click()
  await asked.getByRole('button', { name: 'End', exact: true }).click()
  await expect(there).toHaveCount(0)
  expect(await login(server, account, secret)).toBe(401)
  expect((await current(page)).state).toBe('active')
})

test('all others at once', async () => {
  const { page } = at
  const { server } = await current(page)
  const secrets = [await elsewhere('laptop'), await elsewhere('build-vm')]
  await expect(sessions().getByRole('listitem')).toHaveCount(3)
  await page.getByRole('button', { name: 'End all others …' }).click()
  const asked = page.getByRole('alertdialog')
  await expect(asked).toHaveAccessibleName('End 2 other sessions?')
  await expect(asked).toContainText(/laptop/)
  await expect(asked).toContainText(/build-vm/)
  await noFaults(page)
  await asked.getByRole('button', { name: 'End them' }).click()
  await expect(sessions().getByRole('listitem')).toHaveCount(1)
  await expect(page.getByText('2 sessions were ended.')).toHaveCount(1)
  for (const secret of secrets) expect(await login(server, account, secret)).toBe(401)
  await expect(page.getByRole('button', { name: 'End all others …' })).toHaveCount(0)
  expect((await current(page)).state).toBe('active')
})

test('who tried in vain', async () => {
  const { page } = at
  const list = page.getByRole('region', { name: 'Recent sign-ins' })
  await expect(list).toContainText('Signed in')
  await expect(list).not.toContainText('Refused')
  await inBrowser(page, `${desk.places.own}/signin`, async (other) => {
    await other.getByLabel('User name').fill(account)
    await other.getByLabel('Password').fill('not the password')
    await other.getByRole('button', { name: 'Sign in' }).click()
    await expect(other.getByRole('alert')).toBeVisible()
  })
  await expect(list.getByRole('listitem').first()).toContainText('Refused')
  await expect(list.getByRole('listitem').first()).toContainText(/from (127\.0\.0\.1|::1)/)
  await expect(list).not.toContainText('not the password')
  await noFaults(page)
})

test('second factors are managed on the account’s page', async () => {
  const { page } = at
  const factors = page.getByRole('region', { name: 'Second factors' })
  await expect(factors).toContainText('Off')
  const before = (await desk.opened()).length
  await factors.getByRole('button', { name: 'Manage in the browser' }).click()
  expect(await newlyOpened(desk, before)).toBe(`${desk.places.own}/account/security`)
})

test('all of it is in Activity, by kind, and in a file', async () => {
  const { page } = at
  await go(page, 'Activity')
  await seen(page, 'Activity')
  await expect(page.getByText('A session ended: lanyard').first()).toBeVisible()
  await expect(page.getByText(/A sign-in was refused/)).toBeVisible()
  await noFaults(page)
  await page.getByRole('combobox', { name: 'Show' }).selectOption({ label: 'Sessions' })
  await expect(page.getByText(/A sign-in was refused/)).toHaveCount(0)
  await expect(page.getByText('A session began: lanyard')).toHaveCount(4)
  await page.getByText('A session ended: lanyard').first().click()
  await expect(page.getByText('session.ended').first()).toBeVisible()
  await page.getByRole('combobox', { name: 'Show' }).selectOption({ label: 'Organizations' })
  await expect(page.getByText('Nothing of this kind has happened.')).toBeVisible()
  await noFaults(page)
  await page.getByRole('button', { name: 'Show everything' }).click()

  // A person who thinks better of it has no file; one who does not has all of it.
  const export_ = page.getByRole('button', { name: 'Export …' })
  await export_.click()
  await desk.saves('Export the activity', '')
  await expect(export_).toBeVisible()
  await expect(page.getByText('as a line of JSON each')).toHaveCount(0)
  await export_.click()
  await desk.saves('Export the activity', 'activity.jsonl')
  await expect(page.getByText(`were written to ${desk.file('activity.jsonl')}`)).toBeVisible()
  await noFaults(page)
  const lines = (await readFile(desk.file('activity.jsonl'), 'utf8')).trim().split('\n')
  const acts = lines.map((line) => JSON.parse(line) as { action: string })
  const count = (action: string) => acts.filter((one) => one.action === action).length
  expect(count('session.ended')).toBe(3)
  expect(count('signin.refused')).toBe(1)
})
