import { readFile, rm, stat } from 'node:fs/promises'
import type { Locator } from '@playwright/test'
import { openDesk } from './desk'
import { account, begin, current, expect, go, noFaults, onePage, press, test } from './fixture'

// Each container tool by itself, what the doctor finds, and why a pull fails.
test.describe.configure({ mode: 'serial' })
const desk = openDesk()
const at = onePage(desk, { viewport: { width: 1280, height: 800 } })

const config = '.docker/config.json'
const helper = '.local/bin/docker-credential-lanyard'
const mine = `{
	"auths": {},
	"psFormat": "table {{.ID}}"
}
`
const read = (path: string) => readFile(desk.file(path), 'utf8')
const installed = () => at.page.getByRole('region', { name: 'Installed here' })
const tool = (name: string): Locator =>
  installed()
    .getByRole('listitem')
    .filter({ has: at.page.getByText(name, { exact: true }) })
const doctor = () => at.page.getByRole('region', { name: 'What the doctor finds' })

test('what is installed is found, with version, file and state', async () => {
  const { page } = at
  await desk.write(config, mine)
  await begin(page, desk)
  // A fresh shell of the person finds the tools from now on, and so does the window.
  const profile = await desk.shell(
    'echo "PATH=\\"${PATH%%:*}:\\$PATH\\"" >>"$HOME/.profile" && cat "$HOME/.profile"',
  )
  expect(profile.out, profile.err).toMatch(/clients/)
  await go(page, 'Tools')
  for (const name of ['docker', 'skopeo', 'crane', 'regctl']) {
    await expect(tool(name)).toContainText('Not set up')
    await expect(tool(name)).toContainText(/\d+\.\d+/)
  }
  await expect(tool('docker')).toContainText(desk.file(config))
  await expect(installed()).toContainText(/Not installed: .*helm/)
  await noFaults(page)
})

test('one is set up: the difference first, the copy asked for, and nothing else', async () => {
  const { page } = at
  const { registries } = await current(page)
  const host = registries[0] ?? ''
  await press(page, 'Set up docker …')
  const dialog = page.getByRole('dialog')
  await expect(dialog).toHaveAccessibleName('What would change for docker')
  const difference = dialog.getByRole('region', { name: 'Difference' })
  await expect(difference).toContainText(desk.file(config))
  await expect(difference).toContainText(`"${host}": "lanyard"`)
  await noFaults(page)
  await press(page, 'Not now')
  expect(await read(config)).toBe(mine)
  await press(page, 'Set up docker …')
  await press(page, 'Apply')
  await expect(dialog.getByRole('alert')).toContainText('Agree to the copy')
  await noFaults(page)
  expect(await read(config)).toBe(mine)
  await dialog.getByRole('checkbox', { name: /Copy the credential helper to/ }).check()
  await press(page, 'Apply')
  await expect(dialog).toHaveCount(0)
  await expect(tool('docker')).toContainText('Asks Lanyard')
  expect(JSON.parse(await read(config))).toEqual({ ...JSON.parse(mine), credHelpers: { [host]: 'lanyard' } })
  expect((await stat(desk.file(helper))).mode & 0o111).not.toBe(0)
  await noFaults(page)
})

test('undone: every byte is as it was', async () => {
  const { page } = at
  await press(page, 'Undo for docker')
  await expect(tool('docker')).toContainText('Not set up')
  expect(await read(config)).toBe(mine)
  await expect(installed()).toContainText(/put back|removed|as it was/i)
  await noFaults(page)
})

test('another credential helper is seen, and is in the difference before it gives way', async () => {
  const { page } = at
  const { registries } = await current(page)
  const host = registries[0] ?? ''
  const other = `{"credHelpers": {"${host}": "pass"}}\n`
  await desk.write(config, other)
  await expect(tool('docker')).toContainText('Asks another program')
  await expect(tool('docker')).toContainText('Answered by docker-credential-pass')
  await noFaults(page)
  await press(page, 'Set up docker …')
  const difference = page.getByRole('region', { name: 'Difference' })
  await expect(difference).toContainText(`-   "${host}": "pass"`)
  await expect(difference).toContainText(`+   "${host}": "lanyard"`)
  expect(await read(config)).toBe(other)
  await press(page, 'Not now')
  await desk.write(config, mine)
  await expect(tool('docker')).toContainText('Not set up')
})

test('a finding of the doctor is mended by its button', async () => {
  const { page } = at
  const { registries } = await current(page)
  const host = registries[0] ?? ''
  await press(page, 'Look again')
  const finding = doctor().getByRole('listitem').filter({ hasText: host })
  await expect(finding).toContainText('Problem')
  await expect(finding).toContainText(/Concerns .*docker/)
  await noFaults(page)
  await finding.getByRole('button', { name: /^Fix/ }).click()
  await expect(doctor()).toContainText('Fixed. It is not found any more.')
  await expect(tool('docker')).toContainText('Asks Lanyard')
  expect(JSON.parse(await read(config))).toMatchObject({ credHelpers: { [host]: 'lanyard' } })
  await noFaults(page)

  // The file names a program now, which the shell has to find.
  const missing = doctor()
    .getByRole('listitem')
    .filter({ hasText: 'does not find docker-credential-lanyard' })
  await missing.getByRole('button', { name: /^Fix/ }).click()
  await expect(missing).toHaveCount(0)
  await expect(doctor()).toContainText('Fixed. It is not found any more.')
  expect((await stat(desk.file(helper))).mode & 0o111).not.toBe(0)
  await noFaults(page)
})

test('a file that no tool can read is said to be broken, and is left alone', async () => {
  const { page } = at
  const before = await read(config)
  await desk.write(config, '{"auths": ')
  await expect(tool('docker')).toContainText('Does not work')
  await press(page, 'Look again')
  await expect(doctor()).toContainText(`${desk.file(config)} cannot be used`)
  await noFaults(page)
  expect(await read(config)).toBe('{"auths": ')
  await desk.write(config, before)
  await expect(tool('docker')).toContainText('Asks Lanyard')
})

test('why a pull fails, from the tool to the registry', async () => {
  const { page } = at
  const { registries } = await current(page)
  const host = registries[0] ?? ''
  const why = page.getByRole('region', { name: 'Why was my pull denied?' })
  const ask = async (image: string) => {
    await why.getByRole('textbox', { name: 'Image' }).fill(image)
    await why.getByRole('button', { name: 'Explain' }).click()
  }
  await why.getByRole('button', { name: 'Explain' }).click()
  await expect(why.getByRole('alert')).toContainText('Enter the name of an image')
  await ask('<img src=x onerror=alert(1)>')
  await expect(why.getByRole('alert')).toContainText('Give it as a tool is given it')
  await expect(page.locator('#app img')).toHaveCount(0)
  await noFaults(page)

  // One's own, and one that is somebody else's.
  const made = await desk.shell(
    `head -c 700 /dev/urandom >"$HOME/blob" && tar -C "$HOME" -cf "$HOME/l.tar" blob && crane append -f "$HOME/l.tar" -t ${host}/${account}/app:1`,
  )
  expect(made.code, made.err).toBe(0)
  await ask(`${host}/${account}/app:1`)
  await expect(why).toContainText('Step by step')
  await expect(why.getByRole('listitem').filter({ hasText: 'here it fails' })).toHaveCount(0)
  await expect(why.getByRole('listitem').filter({ hasText: 'The rule for pulling' })).toContainText('fine')
  await noFaults(page)
  await ask(`${host}/somebody/secret:1`)
  await expect(why.getByRole('listitem').filter({ hasText: 'here it fails' }).first()).toBeVisible()
  await noFaults(page)
  await rm(desk.file('l.tar'))
})
