import type { Page } from '@playwright/test'
import { openDesk } from './desk'
import { account, begin, current, expect, generate, press, seen, start, test } from './fixture'

// The page never gets a stored secret: marked ones are planted in the keychain
// and in files, and looked for in everything that the page can reach.
const desk = openDesk()

// watch keeps every event that the page is told, and returns all frames that
// the Go half sends it.
async function watch(page: Page): Promise<string[]> {
  await page.addInitScript(() => {
    window.told = []
    addEventListener('DOMContentLoaded', () => {
      for (const event of ['signin', 'session', 'clipboard'])
        window.runtime.EventsOn(event, (value) => window.told.push(value))
    })
  })
  const frames: string[] = []
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => frames.push(String(payload))))
  return frames
}

// reach is everything that hangs on the window, but what is the browser's own.
function reach(page: Page): Promise<Record<string, string>> {
  return page.evaluate(() => {
    const seen = new Set<unknown>()
    const found: string[] = []
    const walk = (value: unknown, depth: number) => {
      if (typeof value === 'string') found.push(value)
      if (
        typeof value !== 'object' ||
        value === null ||
        value instanceof Node ||
        seen.has(value) ||
        depth > 6
      )
        return
      seen.add(value)
      for (const key of Object.keys(value)) {
        try {
          walk((value as Record<string, unknown>)[key], depth + 1)
        } catch {
          found.push(key) // not to be read
        }
      }
    }
    walk(window, 0)
    return {
      window: found.join('\n'),
      told: JSON.stringify(window.told),
      storage: JSON.stringify([
        { ...window['localStorage'] },
        { ...window['sessionStorage'] },
        document.cookie,
        name,
      ]),
      history: JSON.stringify([history.state, location.href]),
    }
  })
}

// callAll calls each method that is bound, whatever its name, with what a page
// might send (as many values as it takes: Wails leaves another number without
// an answer), and returns the names and what they answered.
function callAll(page: Page, own: string) {
  return page.evaluate(async (id) => {
    const known: Record<string, unknown[][]> = {
      'Session.SignIn': [
        ['nonsense', false],
        ['file:///etc/passwd', true],
      ],
      'Tokens.Create': [[{ description: '', scope: 'root', expires: '' }], [{}]],
      'Tokens.Rename': [
        [id, 'renamed'],
        ['', ''],
        ['../..', 'x'],
      ],
      'Tokens.SetActive': [
        [id, true],
        ['', false],
      ],
      'Tokens.Delete': [[''], ['../session']],
      'Tools.Plan': [[false], [true]],
      'Tools.Apply': [[false, false]],
      'Window.Copy': [['a']],
      'Window.CopySecret': [['a']],
      'Window.Holds': [[false]],
    }
    // They end what is to be looked at; signing out comes last of all.
    const later = ['Session.SignOut', 'Window.Close']
    const answers: string[] = []
    const called: string[] = []
    const bound = Object.entries(window.go.app).flatMap(([service, methods]) =>
      Object.entries(methods).map(([method, call]) => ({ name: `${service}.${method}`, call })),
    )
    // First of all the service is stopped and started: the others need it.
    const rank = (one: string) => ['Service.Stop', 'Service.Start'].indexOf(one) + 1 || 3
    bound.sort((one, other) => rank(one.name) - rank(other.name))
    for (const { name, call } of bound) {
      called.push(name)
      if (later.includes(name)) continue
      for (const args of known[name] ?? [[]])
        answers.push(
          await call(...args).then(
            (value) => `${name}: ${JSON.stringify(value)}`,
            (reason: unknown) => `${name} refused: ${String(reason)} ${JSON.stringify(reason)}`,
          ),
        )
    }
    return { answers, called }
  }, own)
}

test('no stored secret is anywhere that the page can reach', async ({ page, context }) => {
  const frames = await watch(page)
  const view = await begin(page, desk)
  await press(page, 'Personal access tokens')
  const fresh = await generate(page, 'ci', 'Read') // shown once, and then gone
  const places: [string, string][] = []
  const secrets = await desk.ask<string[]>('/plant')
  try {
    expect(secrets.length).toBe(3)
    for (const one of secrets) expect(one.length).toBeGreaterThan(20)
    const { answers, called } = await callAll(page, view.tokenId)
    expect(called).toEqual(
      expect.arrayContaining(['Session.Current', 'Tokens.List', 'Tools.Plan', 'Service.Status']),
    )
    for (const name of ['Session.Current', 'Tokens.List', 'Tools.Status', 'Tools.Plan', 'Service.Start'])
      expect(
        answers.some((one) => one.startsWith(`${name}: {`)),
        `${name} answers`,
      ).toBe(true)
    expect(frames.length).toBeGreaterThan(called.length)
    places.push(['the answers', answers.join('\n')])

    for (const pane of ['Home', 'Personal access tokens', 'This computer’s service']) {
      await press(page, pane)
      await expect(page.getByText('Looking …')).toHaveCount(0)
      places.push([pane, await page.content()])
    }
    // docker's own configuration holds a password, too.
    await press(page, 'Home')
    await press(page, 'Show the change …')
    await expect(page.getByRole('region', { name: 'Difference' })).toContainText('config.json')
    places.push(['the difference', await page.content()])
    await press(page, 'Not now')
  } finally {
    await desk.ask('/restore')
  }
  const reached = await reach(page)
  places.push(...Object.entries(reached))
  places.push(['the browser’s storage', JSON.stringify(await context.storageState({ indexedDB: true }))])
  expect(reached.storage).toBe('[{},{},"",""]')
  for (const [place, text] of places)
    // In a message of Playwright the text would be shown.
    expect(text.includes(fresh), `the new token is still in ${place}`).toBe(false)

  await press(page, 'Sign out …')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Sign out' }).click()
  await seen(page, 'Signed out')
  places.push(['the receipt', await page.content()])
  await press(page, 'Done')
  await seen(page, start)
  expect((await current(page)).state).toBe('signed_out')
  places.push(['the bridge', frames.join('\n')])

  for (const [place, text] of places)
    for (const secret of secrets) {
      expect(text.includes(secret), `a secret in ${place}`).toBe(false)
      expect(text.includes(btoa(`${account}:${secret}`)), `a password in ${place}`).toBe(false)
      expect(text.includes(btoa(secret)), `a secret in base64 in ${place}`).toBe(false)
    }
})
