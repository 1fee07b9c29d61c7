import AxeBuilder from '@axe-core/playwright'
import { expect, test as base, type Page } from '@playwright/test'

// What Wails puts into the window; the bridge of src/lib/backend.ts is made of it.
declare global {
  interface Window {
    go: { app: Record<string, Record<string, (...args: unknown[]) => Promise<unknown>>> }
    runtime: { EventsOn(event: string, heard: (value: unknown) => void): () => void }
    told: unknown[] // every event, for the search for secrets
  }
}

const desk = 'http://127.0.0.1:4819'

// ask asks about the desk that the window stands on.
export async function ask<T>(path: string, method = 'GET'): Promise<T> {
  const response = await fetch(desk + path, { method })
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`)
  return (await response.json()) as T
}

// Every test fails on what the page complained of, and on a request that
// leaves for anywhere but where the page came from.
export const test = base.extend<{ quiet: undefined }>({
  quiet: [
    async ({ page, baseURL }, use) => {
      const said: string[] = []
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') said.push(message.text())
      })
      page.on('pageerror', (error) => {
        // A development build's ipc.js has a picture for a lost connection,
        // which it cannot put into a page that has no body yet.
        const stack = error.stack ?? error.message
        if (!stack.includes('/wails/ipc.js') || stack.includes('/assets/')) said.push(stack)
      })
      page.on('request', (request) => {
        if (new URL(request.url()).origin !== baseURL) said.push(`asked ${request.url()}`)
      })
      await use(undefined)
      expect(said).toEqual([])
    },
    { auto: true },
  ],
})

export { expect }

export async function noFaults(page: Page) {
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' ')}`)).toEqual([])
}

// show opens the window and waits for its heading.
export async function show(page: Page, heading: string | RegExp) {
  await page.goto('/')
  await seen(page, heading)
}

export async function seen(page: Page, heading: string | RegExp) {
  await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible()
}

// login asks the service whether it takes a secret: the status of /token.
export async function login(server: string, account: string, secret: string): Promise<number> {
  const response = await fetch(`${server}/token?service=${new URL(server).host}`, {
    headers: { authorization: `Basic ${btoa(`${account}:${secret}`)}` },
  })
  await response.arrayBuffer()
  return response.status
}
