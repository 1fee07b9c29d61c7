import { expect, type Page } from '@playwright/test'

// How the views are reached, by what a person would press.

export type View = {
  name: string
  query: string
  title: string | RegExp
  reach?: (page: Page) => Promise<void>
}

export const button = (page: Page, name: string | RegExp) =>
  page.getByRole('button', { name }).first().click()

// go chooses a pane; a narrow window has its list behind a button.
export async function go(page: Page, pane: string) {
  const menu = page.getByRole('button', { name: /^Men[uü]/ })
  if (await menu.isVisible()) await menu.click()
  await page.getByRole('navigation').getByRole('button', { name: pane, exact: true }).click()
}

export const pane = (name: string) => (page: Page) => go(page, name)

export async function row(page: Page, name: string, item: string) {
  await page.getByRole('button', { name: `Actions for ${name}` }).click()
  await page.getByRole('menuitem', { name: item }).click()
}

export async function tokens(page: Page) {
  await go(page, 'Personal access tokens')
  await expect(page.getByRole('table')).toBeVisible()
}

export async function generate(page: Page) {
  await tokens(page)
  await button(page, 'Generate new token')
}

export const choose = (page: Page, name: string) => page.getByRole('radio', { name, exact: true }).check()

export const tokensTitle = 'Personal access tokens'
