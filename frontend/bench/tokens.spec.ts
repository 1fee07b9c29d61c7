import { expect, test, type CDPSession, type Page } from '@playwright/test'
import type {} from '../e2e/fixture'

// What a thousand tokens cost: until they are first painted, and for each
// keystroke of the search. Counted is the page's own work, script, style and
// layout, as Chromium tells it; frames that a busy computer keeps waiting are
// not the page's.
const limit = 16 // ms, for a keystroke

type Work = { script: number; layout: number; style: number }

async function work(cdp: CDPSession): Promise<Work> {
  const { metrics } = await cdp.send('Performance.getMetrics')
  const of = (name: string) => 1000 * (metrics.find((one) => one.name === name)?.value ?? NaN)
  return { script: of('ScriptDuration'), layout: of('LayoutDuration'), style: of('RecalcStyleDuration') }
}

// painted waits until a frame with what was done last has been shown.
const painted = (page: Page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))))

async function cost(cdp: CDPSession, page: Page, doing: () => Promise<unknown>): Promise<number> {
  const before = await work(cdp)
  await doing()
  await painted(page)
  const after = await work(cdp)
  return after.script + after.layout + after.style - before.script - before.layout - before.style
}

const at = (sorted: number[], part: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN

test('1,000 tokens', async ({ page }) => {
  const cdp = await page.context().newCDPSession(page)
  await page.goto('/?state=active&tokens=many')
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' })
  const way = page.getByRole('navigation').getByRole('button', { name: 'Personal access tokens' })
  const about = page.getByRole('navigation').getByRole('button', { name: 'About' })

  // What the fake backend does for an answer is not the page's: it comes later.
  const answers = 400
  const first: number[] = []
  await way.click()
  await expect(page.getByRole('table')).toHaveAttribute('aria-rowcount', '1006')
  for (let i = 0; i < 9; i++) {
    await about.click()
    await expect(page.getByRole('table')).toHaveCount(0)
    await page.evaluate((slow) => (window.fake.options.slow = slow), answers)
    await painted(page)
    first.push(await cost(cdp, page, () => way.evaluate((button) => (button as HTMLButtonElement).click())))
    await expect(page.getByRole('table')).toHaveAttribute('aria-rowcount', '1006')
    await page.evaluate(() => (window.fake.options.slow = 0))
    await page.waitForTimeout(answers + 100) // the answer, before the next
  }

  const search = page.getByRole('searchbox')
  await search.focus()
  const keys: number[] = []
  for (const text of ['pipeline 99', 'shop 1', 'ci-read', 'zzz']) {
    for (const key of text) keys.push(await cost(cdp, page, () => page.keyboard.insertText(key)))
    for (let i = 0; i < text.length; i++)
      keys.push(await cost(cdp, page, () => page.keyboard.press('Backspace')))
  }
  first.sort((a, b) => a - b)
  keys.sort((a, b) => a - b)
  const ms = (n: number) => `${n.toFixed(1)} ms`
  console.log(`1,000 tokens: first paint ${ms(at(first, 0.5))} (at most ${ms(at(first, 1))})`)
  console.log(`  keystroke: median ${ms(at(keys, 0.5))}, 95th ${ms(at(keys, 0.95))}, of ${keys.length}`)
  console.log(`  rows in the page: ${await page.getByRole('row').count()}`)
  expect(at(keys, 0.95)).toBeLessThan(limit)
})
