import { defineConfig, devices } from '@playwright/test'

// The window's pages in Debian's Chromium, with the Go half behind them as it
// is released, over Wails' own bridge: e2e-real/serve.sh builds and opens it,
// from what `make build` made. One session, from the first start to the sign-out.
export default defineConfig({
  testDir: 'e2e-real',
  outputDir: 'test-results/real',
  workers: 1,
  fullyParallel: false,
  forbidOnly: true,
  maxFailures: 0,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: 'list',
  use: {
    ...devices['Desktop Chrome'],
    baseURL: 'http://127.0.0.1:4818',
    locale: 'en-GB',
    timezoneId: 'UTC',
    viewport: { width: 1000, height: 720 },
    actionTimeout: 20_000,
    launchOptions: { executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] },
    trace: 'off', // it would keep secrets
  },
  webServer: {
    command: 'exec e2e-real/serve.sh',
    url: 'http://127.0.0.1:4818',
    timeout: 600_000,
    reuseExistingServer: false,
    stdout: 'pipe',
    gracefulShutdown: { signal: 'SIGTERM', timeout: 60_000 },
  },
})
