import { noFaults, noOverflow, open, test } from './fixture'
import { views } from './views'
import { tokenViews } from './views-tokens'

// Every view in the smallest window, by daylight and in the dark, and as it is
// at 150 %.
for (const view of [...views, ...tokenViews])
  test(`${view.name} has no fault`, async ({ page }) => {
    await page.setViewportSize({ width: 720, height: 480 })
    await open(page, view)
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
    await noFaults(page)
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
    await noFaults(page, 'color-contrast') // what the dark can change
    await noOverflow(page)
    await page.setViewportSize({ width: 480, height: 320 })
    await noOverflow(page)
  })
