import { test, type Page } from '@playwright/test'
import { openDesk } from './desk'
import {
  begin,
  current,
  expect,
  generate,
  go,
  list,
  noFaults,
  noOverflow,
  onePage,
  pick,
  press,
  row,
  seen,
  tokens,
} from './fixture'

// What people and computers may be called: it stays text, and in its place.
test.describe.configure({ mode: 'serial' })
const desk = openDesk()
const at = onePage(desk, { viewport: { width: 720, height: 480 } })

const long = 'a'.repeat(64) // the longest name that an account can have

async function staysText(page: Page) {
  expect(await page.locator('#app').locator('img, script, b b, a[href], iframe').count()).toBe(0)
  await expect(page).toHaveTitle('Lanyard')
  await noOverflow(page)
}

test('an account of 64 characters', async () => {
  const { page } = at
  expect(await begin(page, desk, long)).toMatchObject({ state: 'active', account: long })
  await staysText(page)
  await go(page, 'Personal access tokens')
  await staysText(page)
})

const descriptions: [name: string, text: string, shown?: string][] = [
  ['markup', '<img src=x onerror=alert(1)>'],
  ['a script', '"><script>alert(1)</script>'],
  ['an entity', 'R&amp;D &lt;3'],
  ['a template', '{@html 1} ${1} {{1}} %s %d'],
  ['emoji', '🚀🏳️‍🌈 nightly 👩‍💻'],
  ['Hebrew', 'מפתח של בנייה'],
  ['Arabic and a number', 'مفتاح 42 ci'],
  // Marks that turn what stands beside them are left out.
  ['right-to-left marks', 'invoice\u202efdp.exe\u2066\u200f', 'invoicefdp.exe'],
  ['combining marks', 'Z\u0351\u036b\u0343\u036a\u0302a\u035b\u0347l\u0323g\u0353o'],
  ['64 characters', 'b'.repeat(64)],
  ['100 characters', 'ü'.repeat(99) + '!'],
  ['100 emoji', '🔑'.repeat(100)],
  ['a word that is a number', '0'],
  ['a name of something', '__proto__'],
]

for (const [name, text, shown = text] of descriptions)
  test(`a description: ${name}`, async () => {
    const { page } = at
    await generate(page, text, 'Read')
    const one = (await list(page)).tokens[0]
    expect(one?.description).toBe(shown)
    const cells = tokens(page).getByRole('rowheader')
    const cell = cells.filter({ hasText: `…${one?.lastFour}` })
    await expect(cell).toContainText(shown)
    // It turns itself at most: its place is that of the others.
    const [here, others] = await Promise.all([cell.boundingBox(), cells.last().boundingBox()])
    expect(here?.x).toBe(others?.x)
    await staysText(page)
    await pick(page, shown.replace(/^(.*[\u0590-\u06ff].*)$/, '\u2068$1\u2069'), 'Delete …')
    await expect(page.getByRole('alertdialog')).toContainText(shown)
    await press(page, 'Cancel')
  })

test('a description of 101 characters, and one of blanks', async () => {
  const { page } = at
  await press(page, 'Generate new token')
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Description').fill('x'.repeat(101))
  await expect(dialog.getByText('At most 100 characters: 1 too many.')).toBeVisible()
  await dialog.getByRole('button', { name: 'Generate' }).click()
  await expect(dialog.getByLabel('Description')).toBeFocused()
  await dialog.getByLabel('Description').fill(' \t ')
  await expect(dialog.getByText('Say what the token is for.')).toBeVisible()
  await noFaults(page)
  expect((await list(page)).tokens).toHaveLength(1 + descriptions.length)
  await press(page, 'Cancel')
})

test('a description with a line break is one line where it is typed', async () => {
  const { page } = at
  const secret = await generate(page, 'two\nlines', 'Read')
  await expect(row(page, `…${secret.slice(-4)}`)).toContainText(/two ?lines/)
})

// The page's own checks are a convenience: the service has the last word.
const refused: [name: string, description: string, says: RegExp][] = [
  ['a line break', 'two\nlines', /holds control characters/],
  ['a zero byte', 'a\u0000b', /holds control characters/],
  ['an escape for a terminal', '\u001b[31mred', /holds control characters/],
  ['101 characters', 'x'.repeat(101), /longer than 100 characters/],
  ['a megabyte', 'x'.repeat(1 << 20), /larger than 64 KiB/],
  ['blanks', '   ', /a description is needed/],
]
for (const [name, description, says] of refused)
  test(`past the page: a description of ${name}`, async () => {
    const { page } = at
    const before = await list(page)
    const said = await page.evaluate(async (text) => {
      const { Create, Edit, List } = window.go.app.Tokens ?? {}
      const own = (await List?.()) as { tokens: { id: string }[] }
      const no = (reason: unknown) => String(reason)
      return [
        await Create?.({ description: text, scope: 'read', expires: '', repositories: [] }).then(
          () => 'taken',
          no,
        ),
        await Edit?.(own.tokens[0]?.id, { description: text, scope: '' }).then(() => 'taken', no),
      ]
    }, description)
    for (const one of said) {
      expect(one).toContain('"code":"refused"')
      expect(one).toMatch(says)
    }
    expect(await list(page)).toEqual(before)
  })

const machines: [name: string, text: string, shown: RegExp][] = [
  ['markup', '<b onclick=alert(1)>box</b>', /<b onclick=alert\(1\)>box<\/b>/],
  ['64 characters', 'c'.repeat(64), /c{63}/],
  ['100 characters', 'd'.repeat(100), /d{63}/],
  ['right-to-left', 'מחשב של בנייה', /מחשב/],
]
for (const [name, machine, shown] of machines)
  test(`another computer’s name: ${name}`, async () => {
    const { page } = at
    await desk.ask('/elsewhere', { person: long, machine })
    await page.keyboard.press('F5')
    await expect(tokens(page).getByText(shown).first()).toBeVisible()
    const one = (await list(page)).tokens[0]
    expect(one?.machine).toMatch(shown)
    await expect(tokens(page).getByRole('row').nth(1)).toContainText(shown)
    await staysText(page)
  })

test('all of them together have no fault', async () => {
  const { page } = at
  await noFaults(page)
  await page.reload()
  await seen(page, long)
  expect(await current(page)).toMatchObject({ state: 'active', account: long })
})
