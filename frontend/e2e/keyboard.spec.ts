import type { Page } from '@playwright/test'
import { expect, test } from './fixture'

// The window by its keyboard alone, as a person without a mouse goes through it.

const focused = (page: Page) => page.locator(':focus')

// tabTo presses Tab until the focus has come to a name.
async function tabTo(page: Page, name: string | RegExp, role: 'button' | 'radio' | 'textbox' = 'button') {
  const to = page.getByRole(role, { name }).first()
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Tab')
    if (await to.evaluate((node) => node === document.activeElement)) return
  }
  throw new Error(`Tab does not come to ${String(name)}`)
}

// The focus is to be seen wherever it goes.
async function seen(page: Page) {
  const outline = await focused(page).evaluate((node) => {
    const own = getComputedStyle(node)
    const beside = node.nextElementSibling && getComputedStyle(node.nextElementSibling)
    const box = node.getBoundingClientRect()
    return {
      width: Math.max(parseFloat(own.outlineWidth), parseFloat(beside?.outlineWidth ?? '0')),
      inView: box.bottom > 0 && box.top < innerHeight,
    }
  })
  expect(outline.width).toBeGreaterThanOrEqual(2)
  expect(outline.inView).toBe(true)
}

test('from the first start to the last', async ({ page }) => {
  await page.setViewportSize({ width: 720, height: 480 })
  await page.goto('/')
  await expect(page.getByRole('heading', { name: /Sign in once/ })).toBeVisible()

  await tabTo(page, 'This computer’s own service', 'radio')
  await seen(page)
  await page.keyboard.press('ArrowDown')
  await tabTo(page, 'Address of the server', 'textbox')
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('ArrowUp')
  await tabTo(page, 'Sign in')
  await seen(page)
  await page.keyboard.press('Enter')

  await expect(page.getByRole('heading', { name: /Waiting/ })).toBeFocused()
  await tabTo(page, 'Copy link')
  await page.keyboard.press('Enter')
  expect(await page.evaluate(() => window.fake.copied.length)).toBe(1)
  await page.evaluate(() => window.fake.finish())

  await expect(page.getByRole('heading', { name: 'Signed in as anna' })).toBeFocused()
  await tabTo(page, 'Go to Home')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'anna' })).toBeFocused()
  await page.keyboard.press('Control+5')
  await expect(page.getByRole('table')).toBeVisible()
  await tabTo(page, 'Generate new token')
  await seen(page)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('textbox', { name: 'Description' })).toBeFocused()
  await page.keyboard.type('nightly build')
  await page.keyboard.press('Tab')
  await page.keyboard.press('ArrowRight')
  await expect(page.getByRole('radio', { name: '60 days' })).toBeChecked()
  await seen(page)
  await page.keyboard.press('Tab')
  await page.keyboard.press('ArrowDown')
  await expect(page.getByRole('radio', { name: 'Read', exact: true })).toBeChecked()
  await tabTo(page, /^Generate$/)
  await page.keyboard.press('Enter')

  await expect(page.getByRole('dialog', { name: 'Copy your new token now' })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('alert')).toContainText('not copied')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeVisible()
  await tabTo(page, 'Go back')
  await page.keyboard.press('Enter')
  await tabTo(page, 'Copy token')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
  await expect(page.getByRole('button', { name: 'Generate new token' })).toBeFocused()

  await tabTo(page, 'Actions for nightly build')
  await seen(page)
  await page.keyboard.press('ArrowDown')
  await expect(page.getByRole('menuitem', { name: 'Edit …' })).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('button', { name: 'Actions for nightly build' })).toBeFocused()
  await page.keyboard.press('Enter')
  await page.keyboard.press('End')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('alertdialog', { name: 'Delete token?' })).toBeVisible()
  // The safe answer comes first.
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('button', { name: 'Actions for nightly build' })).toBeFocused()
  await page.keyboard.press('Enter')
  await page.keyboard.press('d') // Deactivate
  await page.keyboard.press('d') // Delete
  await page.keyboard.press('Enter')
  await expect(page.getByRole('alertdialog')).toBeVisible()
  await tabTo(page, /^Delete$/)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('row', { name: /nightly build/ })).toBeHidden()
  // Where the row was, at the one that took its place.
  await expect(page.locator(':focus')).toHaveAccessibleName(/^Actions for/)

  await tabTo(page, 'This computer’s service')
  await page.keyboard.press('Enter')
  await tabTo(page, /^Stop/)
  await page.keyboard.press('Space')
  await expect(page.getByRole('button', { name: 'Let it run' })).toBeFocused()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Control+1')
  await tabTo(page, /^Sign out/)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'Stay signed in' })).toBeFocused()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'Signed out' })).toBeFocused()
  await tabTo(page, 'Done')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: /Sign in once/ })).toBeFocused()
})

test('a dialog keeps the focus', async ({ page }) => {
  await page.goto('/?state=active')
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused()
  await page.keyboard.press('Control+5')
  await expect(page.getByRole('table')).toBeVisible()
  await page.keyboard.press('Control+n')
  const dialog = page.getByRole('dialog')
  await expect(dialog).toBeVisible()
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press('Tab')
    const inside = await focused(page)
      .evaluate((node) => node.closest('dialog') !== null, undefined, { timeout: 500 })
      .catch(() => true) // the browser's own controls
    expect(inside).toBe(true)
  }
  await page.keyboard.press('Control+1')
  await expect(dialog).toBeVisible()
})

test('a refresh by key asks again, and loads no page anew', async ({ page }) => {
  await page.goto('/?state=active')
  await expect(page.getByRole('heading', { name: 'anna' })).toBeVisible()
  await page.evaluate(() => Object.assign(window, { marked: true }))
  const before = await page.evaluate(() => window.fake.calls.length)
  await page.keyboard.press('F5')
  await expect.poll(() => page.evaluate(() => window.fake.calls.length)).toBeGreaterThan(before)
  expect(await page.evaluate(() => 'marked' in window)).toBe(true)
})

test('what people wrote stays text', async ({ page }) => {
  const name = '<img src=x onerror=alert(1)>'
  await page.goto(`/?state=active&tokens=odd&account=${encodeURIComponent(name)}`)
  await expect(page.getByRole('heading', { name })).toBeVisible()
  await page.keyboard.press('Control+5')
  await expect(page.getByRole('table')).toBeVisible()
  expect(await page.locator('#app img, #app script, #app b b').count()).toBe(0)
  await expect(page).toHaveTitle('Lanyard')
  // A name that turns around does so alone: its row stays where it is.
  const turned = page.getByRole('row').filter({ hasText: 'txt.exe' })
  const box = await turned.getByRole('rowheader').boundingBox()
  const other = await page.getByRole('row').filter({ hasText: 'keys' }).getByRole('rowheader').boundingBox()
  expect(box?.x).toBe(other?.x)
})
