import { defineConfig, devices } from '@playwright/test'

// The window's pages in Debian's Chromium, with the fake backend: two projects,
// one that finds faults and one that takes pictures, to build/gallery/window.
export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  fullyParallel: true,
  timeout: 60_000,
  workers: 2,
  forbidOnly: true,
  maxFailures: process.env.CI ? 0 : 10,
  expect: { timeout: 15_000 },
  reporter: 'list',
  use: {
    ...devices['Desktop Chrome'],
    baseURL: 'http://127.0.0.1:4817',
    locale: 'en-GB',
    timezoneId: 'UTC',
    viewport: { width: 1280, height: 800 },
    launchOptions: { executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] },
  },
  projects: [
    { name: 'faults', testIgnore: 'gallery.spec.ts' },
    { name: 'gallery', testMatch: 'gallery.spec.ts' },
    { name: 'bench', testDir: 'bench', workers: 1 },
  ],
  webServer: {
    command: 'npm run preview -- --port 4817',
    url: 'http://127.0.0.1:4817',
    reuseExistingServer: false,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 5000 },
  },
})
