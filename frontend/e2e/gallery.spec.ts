import { noOverflow, open, test } from './fixture'
import { views } from './views'
import { tokenViews } from './views-tokens'

// Every view as pictures, to be looked at: make gallery.
const sizes = [
  { name: '720', width: 720, height: 480 },
  { name: '1280', width: 1280, height: 800 },
  { name: '150', width: 640, height: 420 }, // what is left of 960 by 630
]

for (const view of [...views, ...tokenViews])
  test(view.name, async ({ page }) => {
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
    for (const { name, ...size } of sizes) {
      await page.setViewportSize(size)
      await open(page, view)
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        await noOverflow(page)
        await page.screenshot({ path: `../build/gallery/window/${view.name}-${name}-${colorScheme}.png` })
      }
      if (name !== '1280') continue
      await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce', forcedColors: 'active' })
      await page.screenshot({ path: `../build/gallery/window/${view.name}-${name}-forced.png` })
      await page.emulateMedia({ forcedColors: 'none' })
    }
  })
