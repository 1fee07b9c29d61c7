import { defineConfig, devices } from '@playwright/test'

// The window's pages in Debian's Chromium, with the Go half behind them as it
// is released, over Wails' own bridge. Each file has a desk of its own (see
// e2e-real/desk.ts) and is one story, whose tests go on where the one before
// ended.
export default defineConfig({
  testDir: 'e2e-real',
  // What people and servers may send, in many variants, what breaks or changes under open panes, and
  // Docker Hub by the person's docker, which the terminal's tests have, too: make faults.
  testIgnore: process.env.LANYARD_FAULTS
    ? []
    : ['addresses.spec.ts', 'ages.spec.ts', 'faults.spec.ts', 'hub.spec.ts', 'names.spec.ts'],
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
