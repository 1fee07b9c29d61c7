import { defineConfig, devices } from '@playwright/test'

// The window's pages in Debian's Chromium, with the Go half behind them as it
// is released, over Wails' own bridge. Each file has a desk of its own (see
// e2e-real/desk.ts) and is one story, whose tests go on where the one before
// ended. LANYARD_FAULTS has them all; else some are left out.
function left() {
  const { LANYARD_FAULTS: whole, LANYARD_SEED: seed } = process.env
  if (whole) return []
  // What people and servers may send, in many variants, what breaks or changes under open panes, and
  // Docker Hub by the person's docker, which the terminal's tests have, too.
  const long = ['addresses', 'ages', 'faults', 'hub', 'names']
  // Of these a seed decides for one.
  const some = [
    ['states', 'security'],
    ['toolbox', 'settings', 'expired'],
    ['tokens', 'tokenlife', 'tools'],
  ]
  const drawn = some.filter((_, i) => i !== Number(seed ?? 0) % 3).flat()
  return [...long, ...drawn].map((story) => `${story}.spec.ts`)
}

export default defineConfig({
  testDir: 'e2e-real',
  testIgnore: left(),
  outputDir: 'test-results/real',
  globalSetup: './e2e-real/build.ts',
  workers: 3, // some stories wait for most of their time
  fullyParallel: false,
  forbidOnly: true,
  maxFailures: 0,
  timeout: 180_000,
  expect: { timeout: 30_000 },
  reporter: 'list',
  use: {
    ...devices['Desktop Chrome'],
    locale: 'en-GB',
    timezoneId: 'UTC',
    viewport: { width: 1000, height: 720 },
    actionTimeout: 30_000,
    launchOptions: { executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] },
    trace: 'off', // it would keep secrets
  },
})
