import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import type { SessionView } from '../src/lib/contract'
import { openDesk, type Desk } from './desk'
import { account, begin, current, expect, generate, go, press, signOut, start, seen, test } from './fixture'

// The page never gets a stored secret: marked ones are planted in the keychain
// and in files, and looked for in everything that the page can reach.
const desk = openDesk()

// watch keeps every event that the page is told, and returns all frames that
// the Go half sends it.
async function watch(page: Page): Promise<string[]> {
  await page.addInitScript(() => {
    window.told = []
    addEventListener('DOMContentLoaded', () => {
      for (const event of ['signin', 'session', 'clipboard', 'closing', 'changed', 'selftest', 'notices'])
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
function callAll(page: Page, { tokenId, server }: SessionView) {
  return page.evaluate(
    async ({ id, server }) => {
      const nothing = { host: '', username: '', secret: '', ends: '', noCheck: true }
      const known: Record<string, unknown[][]> = {
        'Accounts.Remove': [[''], ['nonsense']],
        'Accounts.Switch': [[''], ['nonsense']],
        'Activity.List': [[{ kind: '', before: '' }], [{ kind: 'session', before: 'nonsense' }]],
        'Keychain.UnlockFile': [['nonsense']],
        'Keychain.Use': [
          ['nonsense', ''],
          ['system', ''],
        ],
        'Security.End': [[''], ['nonsense']],
        'Session.SignIn': [
          ['nonsense', false],
          ['file:///etc/passwd', true],
        ],
        'Settings.Dismiss': [['nonsense']],
        'Settings.Set': [[{}]],
        'Start.HubPassword': [['', '', '']],
        'Start.Paste': [[nothing], [{ ...nothing, host: 'planted.example', username: 'planted' }]],
        'Start.Probe': [['nonsense'], [server]],
        'Tokens.Create': [[{ description: '', scope: 'root', expires: '', repositories: [] }], [{}]],
        'Tokens.Edit': [
          [id, { description: 'renamed', scope: '' }],
          ['', {}],
          ['../..', { description: 'x', scope: '' }],
        ],
        'Tokens.SetActive': [
          [[id], true],
          [[''], false],
        ],
        'Tokens.Delete': [[['']], [['../session']]],
        'Tokens.Pin': [
          [id, true],
          ['', true],
        ],
        'Tokens.Rotate': [
          [id, 0],
          ['', 24],
        ],
        'Tokens.Show': [[id], ['../..']],
        'Tokens.Which': [['nonsense']],
        'Tools.Plan': [[false], [true]],
        'Tools.Apply': [[false, false]],
        'Tools.Fix': [['nonsense']],
        'Tools.PlanTool': [['docker'], ['../..']],
        'Tools.SetUpTool': [['docker', false, false]],
        'Tools.UndoTool': [['docker']],
        'Tools.Why': [
          ['planted.example/app', 'docker'],
          [`${new URL(server).host}/anna/app`, 'docker'],
        ],
        'Window.Copy': [['a']],
        'Window.CopySecret': [['a']],
        'Window.Holds': [[false]],
      }
      // They end what is to be looked at; signing out comes last of all.
      const later = ['Session.SignOut', 'Settings.Reset', 'Window.Close']
      // A person is asked where to save: by the test itself.
      later.push('Activity.Export', 'Service.Backup', 'Settings.SaveReport', 'Tokens.SaveSecret')
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
            await Promise.race([
              call(...args).then(
                (value) => `${name}: ${JSON.stringify(value)}`,
                (reason: unknown) => `${name} refused: ${String(reason)} ${JSON.stringify(reason)}`,
              ),
              new Promise<string>((late) => setTimeout(() => late(`no answer: ${name}`), 60_000)),
            ]),
          )
      }
      return { answers, called }
    },
    { id: tokenId, server },
  )
}

// saved calls what asks the person where to save, and returns its answer and
// what then stands in the file. A backup is a database, with hashes alone.
async function saved(page: Page, desk: Desk, method: string, title: string, file: string): Promise<string> {
  const answered = page.evaluate(async (name) => {
    const [service = '', call = ''] = name.split('.')
    return JSON.stringify(await window.go.app[service]?.[call]?.())
  }, method)
  await desk.saves(title, file)
  return `${await answered}\n${(await readFile(desk.file(file))).toString('latin1')}`
}

// What looks at something, and is answered also among planted secrets.
const looks = ['Session.Current', 'Tokens.List', 'Tokens.Show', 'Tools.Status', 'Tools.Plan', 'Tools.List']
looks.push('Tools.PlanTool', 'Tools.Doctor', 'Tools.Why', 'Home.Look', 'Security.Look', 'Activity.List')
looks.push('Accounts.List', 'Keychain.Look', 'Settings.Get', 'Settings.Notices', 'Settings.Report')
looks.push('Settings.About', 'Start.Preflight', 'Start.Probe', 'Service.Start', 'Service.Status')

const panes = [
  'Home',
  'Tools',
  'Activity',
  'Security',
  'Personal access tokens',
  'General',
  'Accounts and servers',
]
panes.push('This computer’s service', 'Keychain', 'Notifications', 'Diagnostics', 'About')

test('no stored secret is anywhere that the page can reach', async ({ page, context }) => {
  const frames = await watch(page)
  const view = await begin(page, desk)
  await go(page, 'Personal access tokens')
  const fresh = await generate(page, 'ci', 'Read') // shown once, and then gone
  const places: [string, string][] = []
  const secrets = await desk.ask<string[]>('/plant')
  try {
    expect(secrets.length).toBe(3)
    for (const one of secrets) expect(one.length).toBeGreaterThan(20)
    const { answers, called } = await callAll(page, view)
    expect(called).toEqual(
      expect.arrayContaining(['Session.Current', 'Tokens.List', 'Tools.Plan', 'Service.Status']),
    )
    expect(answers.filter((one) => one.startsWith('no answer'))).toEqual([])
    for (const name of looks)
      expect(
        answers.some((one) => one.startsWith(`${name}: {`) || one.startsWith(`${name}: [`)),
        `${name} answers`,
      ).toBe(true)
    expect(frames.length).toBeGreaterThan(called.length)
    places.push(['the answers', answers.join('\n')])

    for (const [method, title] of [
      ['Activity.Export', 'Export the activity'],
      ['Service.Backup', 'Back up the database'],
      ['Settings.SaveReport', 'Save the report'],
    ] as const)
      places.push([method, await saved(page, desk, method, title, `${method}.saved`)])

    for (const pane of panes) {
      await go(page, pane)
      await expect(page.getByText(/^Looking /)).toHaveCount(0)
      places.push([pane, await page.content()])
    }
    // docker's own configuration holds a password, too.
    await go(page, 'Home')
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

  await signOut(page)
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
