import { noFaults, noOverflow, open, test } from './fixture'
import { views } from './views'
import { tokenViews } from './views-tokens'

const all = [...views, ...tokenViews]

// drawn is every eighth view, from one that a seed decides: LANYARD_SEED repeats a
// run, LANYARD_FAULTS looks at all of them. Playwright reads this file once for each
// worker, which must draw the same.
function drawn() {
  const { LANYARD_FAULTS: whole, LANYARD_SEED: seed } = process.env
  if (whole) return all
  const from = Number(seed ?? 0) % 8
  return all.filter((_, i) => i % 8 === from)
}

// Views in the smallest window, by daylight and in the dark, and as they are there at
// 150 % and 200 %.
for (const view of drawn())
  test(`${view.name} has no fault`, async ({ page }) => {
    await page.setViewportSize({ width: 720, height: 480 })
    await open(page, view)
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
    await noFaults(page)
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
    await noFaults(page, 'color-contrast') // what the dark can change
    await noOverflow(page)
    for (const [width, height] of [
      [480, 320],
      [360, 240],
    ] as const) {
      await page.setViewportSize({ width, height })
      await noOverflow(page)
    }
  })
