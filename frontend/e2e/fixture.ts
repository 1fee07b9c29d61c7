import AxeBuilder from '@axe-core/playwright'
import { expect, test as base, type Page } from '@playwright/test'
import type { Fake } from '../src/fake'
import type { View } from './reach'

declare global {
  interface Window {
    fake: Fake
  }
}

// Every test fails on what the page complained of: an error, a warning, a
// break of the content security policy.
export const test = base.extend<{ quiet: undefined }>({
  quiet: [
    async ({ page }, use) => {
      const said: string[] = []
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') said.push(message.text())
      })
      page.on('pageerror', (error) => said.push(error.message))
      await use(undefined)
      expect(said).toEqual([])
    },
    { auto: true },
  ],
})

export { expect }

// open comes to a view, in a page that is loaded anew.
export async function open(page: Page, view: View) {
  await page.goto(`/?${view.query}`)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await view.reach?.(page)
  await expect(page.getByRole('heading', { name: view.title, exact: true }).first()).toBeVisible()
}

// noFaults: axe finds nothing; rules: "" is all that it has.
export async function noFaults(page: Page, rules: string | string[] = '') {
  const axe = new AxeBuilder({ page })
  const { violations } = await (rules ? axe.withRules(rules) : axe).analyze()
  expect(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' ')}`)).toEqual([])
}

// noOverflow: nothing is wider than the window.
export async function noOverflow(page: Page) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  expect(wide).toBeLessThanOrEqual(0)
}
