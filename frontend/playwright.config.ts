import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { defineConfig, devices } from '@playwright/test'

// The pages are served on a port that is free. The workers read this file, too,
// and have the environment of who started them.
process.env.LANYARD_PAGES_PORT ??= String(await free())
const port = process.env.LANYARD_PAGES_PORT

async function free() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

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
    baseURL: `http://127.0.0.1:${port}`,
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
    command: `npm run preview -- --port ${port}`,
    url: `http://127.0.0.1:${port}`,
    reuseExistingServer: false,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 5000 },
  },
})
