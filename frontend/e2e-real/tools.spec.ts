import { readFile, stat } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import { openDesk } from './desk'
import { account, begin, current, expect, noFaults, press, seen, show, signOut, start, test } from './fixture'

// What is changed of docker's configuration: shown first, and put back.
test.describe.configure({ mode: 'serial' })
const desk = openDesk()

const config = '.docker/config.json'
const helper = '.local/bin/docker-credential-lanyard'
const mine = `{
	"auths": { "registry.example": { "auth": "YTpi" } },
	"psFormat": "table {{.ID}}"
}
`
const read = (path: string) => readFile(desk.file(path), 'utf8')
const card = (page: Page) => page.getByRole('region', { name: 'Container tools' })

test('before it is set up, nothing is written', async ({ page }) => {
  await desk.write(config, mine)
  await begin(page, desk)
  await expect(card(page)).toContainText('Not set up')
  await expect(card(page)).toContainText('Your shell does not find the credential helper')
  await noFaults(page)
  expect(await read(config)).toBe(mine)
})

test('the difference is shown, and the copy is asked for', async ({ page }) => {
  await show(page, desk, account)
  const { registries } = await current(page)
  await press(page, 'Show the change …')
  const dialog = page.getByRole('dialog')
  await expect(dialog).toHaveAccessibleName('What would change')
  const difference = dialog.getByRole('region', { name: 'Difference' })
  await expect(difference).toContainText(desk.file(config))
  await expect(difference).toContainText(`+   "${registries[0]}": "lanyard"`)
  await expect(difference).not.toContainText('YTpi')
  await noFaults(page)
  await press(page, 'Not now')
  expect(await read(config)).toBe(mine)

  // Without the copy, which docker would need, nothing is done.
  await press(page, 'Show the change …')
  await press(page, 'Apply')
  await expect(dialog.getByRole('alert')).toContainText('Agree to the copy')
  await noFaults(page)
  expect(await read(config)).toBe(mine)
  await expect(stat(desk.file(helper))).rejects.toThrow()
})

test('applied: docker asks Lanyard, and nothing else has changed', async ({ page }) => {
  await show(page, desk, account)
  const { registries } = await current(page)
  await press(page, 'Show the change …')
  await page.getByRole('checkbox', { name: /Copy the credential helper to/ }).check()
  await press(page, 'Apply')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(card(page)).toContainText(`Set up in ${desk.file(config)}.`)
  await expect(card(page).getByText('Set up', { exact: true })).toBeVisible()
  await noFaults(page)
  const now = JSON.parse(await read(config)) as Record<string, unknown>
  expect(now).toEqual({ ...JSON.parse(mine), credHelpers: { [registries[0] ?? '']: 'lanyard' } })
  expect((await stat(desk.file(helper))).mode & 0o111).not.toBe(0)
  await page.reload()
  await expect(card(page)).toContainText(`ask Lanyard for ${registries[0]}`)
})

test('undone: every byte is as it was', async ({ page }) => {
  await show(page, desk, account)
  await press(page, 'Undo')
  await expect(card(page)).toContainText('Not set up')
  await expect(card(page)).toContainText(/put back|removed|as it was/i)
  await noFaults(page)
  expect(await read(config)).toBe(mine)
  await expect(stat(desk.file(helper))).rejects.toThrow()
})

test('another credential helper gives way only to a second yes, and comes back', async ({ page }) => {
  await show(page, desk, account)
  const { registries } = await current(page)
  const other = `{"credHelpers": {"${registries[0]}": "pass"}}\n`
  await desk.write(config, other)
  await press(page, 'Show the change …')
  await expect(card(page).getByRole('alert')).toContainText('"pass"')
  await noFaults(page)
  expect(await read(config)).toBe(other)
  await press(page, 'Show what Lanyard would replace …')
  const difference = page.getByRole('region', { name: 'Difference' })
  await expect(difference).toContainText(`-   "${registries[0]}": "pass"`)
  await expect(difference).toContainText(`+   "${registries[0]}": "lanyard"`)
  await page.getByRole('checkbox', { name: /Copy the credential helper to/ }).check()
  await press(page, 'Apply')
  await expect(card(page).getByText('Set up', { exact: true })).toBeVisible()
  expect(JSON.parse(await read(config))).toEqual({ credHelpers: { [registries[0] ?? '']: 'lanyard' } })
  await press(page, 'Undo')
  await expect(card(page).getByText('Not set up', { exact: true })).toBeVisible()
  expect(await read(config)).toBe(other)
})

const broken: [name: string, text: string, says: RegExp][] = [
  ['no JSON', '{"auths": ', /not valid JSON|is not JSON/i],
  ['a list', '[]', /object/i],
  ['a helper that is a number', '{"credHelpers": {"a": 1}}', /credHelpers/],
]
for (const [name, text, says] of broken)
  test(`a configuration of docker's that is broken: ${name}`, async ({ page }) => {
    await desk.write(config, text)
    await show(page, desk, account)
    if (await card(page).getByRole('alert').isHidden()) {
      await expect(
        card(page)
          .getByRole('alert')
          .or(page.getByRole('button', { name: /^Show/ })),
      ).toBeVisible()
      const button = page.getByRole('button', { name: 'Show the change …' })
      if (await button.isVisible()) await button.click()
    }
    await expect(card(page).getByRole('alert')).toContainText(says)
    await expect(card(page).getByRole('alert')).toContainText(desk.file(config))
    await noFaults(page)
    expect(await read(config)).toBe(text)
  })

test('signing out takes the tools along', async ({ page }) => {
  await desk.write(config, mine)
  await show(page, desk, account)
  await press(page, 'Show the change …')
  await page.getByRole('checkbox', { name: /Copy the credential helper to/ }).check()
  await press(page, 'Apply')
  await expect(card(page).getByText('Set up', { exact: true })).toBeVisible()
  await signOut(page)
  await expect(page.getByText('Container tools no longer ask Lanyard for it')).toBeVisible()
  await press(page, 'Done')
  await seen(page, start)
  expect(await read(config)).toBe(mine)
  await expect(stat(desk.file(helper))).rejects.toThrow()
})
