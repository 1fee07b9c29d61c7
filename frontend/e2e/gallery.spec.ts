import { expect, noFaults, noOverflow, test } from './fixture'
import { views } from './views'

const sizes = [
  { width: 720, height: 480 },
  { width: 1280, height: 800 },
]

for (const view of views) {
  test(`${view.name}: no fault in light and dark, small and large`, async ({ page }) => {
    for (const size of sizes) {
      await page.setViewportSize(size)
      await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
      await page.goto(`/?${view.query}`)
      await view.reach?.(page)
      await expect(page.getByRole('heading', { name: view.title, exact: true }).first()).toBeVisible()
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        if ((colorScheme === 'dark') === size.width > 720) await noFaults(page)
        await noOverflow(page)
        await page.screenshot({
          path: `../build/gallery-window/${view.name}-${size.width}-${colorScheme}.png`,
        })
      }
    }
    // 150 % of the smallest window.
    await page.setViewportSize({ width: 480, height: 320 })
    await noOverflow(page)
    await noFaults(page)
  })
}
