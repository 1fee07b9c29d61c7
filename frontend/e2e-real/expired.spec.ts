import { openDesk } from './desk'
import { account, begin, current, expect, noFaults, seen, show, signIn, test } from './fixture'

// Sessions that run out while the window is open: the service's own limits,
// made short.
test.describe.configure({ mode: 'serial' })
const desk = openDesk()

test('a session that runs out is said to have expired, and leaves nothing', async ({ page }) => {
  await desk.write('.config/lanyard/service.yaml', 'session-lifetime: 30s\n')
  const view = await begin(page, desk)
  expect(view).toMatchObject({ state: 'active', account })
  const facts = page.getByRole('region', { name: account })
  await expect(facts.getByText('in less than a minute')).toHaveCount(2)
  await expect(page.getByText('The session ends in less than a minute')).toBeVisible()
  expect(await desk.kept()).toHaveLength(2)

  const over = Math.max(0, Date.parse(view.ends) + 1000 - Date.now())
  await page.waitForFunction((end) => Date.now() > end, Date.now() + over)
  await page.keyboard.press('F5')
  await seen(page, 'Your session has expired')
  await expect(page.getByText(/its time ran out/)).toBeVisible()
  await noFaults(page)
  expect((await current(page)).state).toBe('expired')
  expect(await desk.kept()).toEqual([])
  await page.reload()
  await seen(page, 'Your session has expired')
})

test('after it one signs in again', async ({ page }) => {
  expect((await desk.lanyard('service', 'stop')).code).toBe(0)
  await desk.write('.config/lanyard/service.yaml', 'session-idle: 15s\n')
  await show(page, desk, 'Your session has expired')
  expect(await signIn(page, desk)).toMatchObject({ state: 'active', account }) // the service is started again
  const facts = page.getByRole('region', { name: account })
  await expect(facts.getByText('in less than a minute')).toHaveCount(1)
})

// The window looks every 30 seconds, which is a use: this session has ended by
// then, and the page is told without being asked.
test('a session that nobody uses runs out, too', async ({ page }) => {
  await show(page, desk, /anna|expired/)
  await expect(page.getByRole('heading', { level: 1, name: 'Your session has expired' })).toBeVisible({
    timeout: 60_000,
  })
  expect(await desk.kept()).toEqual([])
})
