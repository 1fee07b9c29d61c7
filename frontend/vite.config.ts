import { gzipSync } from 'node:zlib'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { svelteTesting } from '@testing-library/svelte/vite'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

// The window's policy; the asset handler sends the same. Vite's development
// server needs inline styles, so only built pages carry it.
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

function contentSecurityPolicy(): Plugin {
  return {
    name: 'content-security-policy',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: policy },
        injectTo: 'head-prepend',
      },
    ],
  }
}

const mostScript = 120_000 // bytes of JavaScript, gzip

// A release has no fake backend in it, and keeps to its size.
function release(): Plugin {
  return {
    name: 'release',
    apply: (_, { command, mode }) => command === 'build' && mode !== 'fake',
    generateBundle(_, bundle) {
      let size = 0
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk') continue
        size += gzipSync(chunk.code).length
        const fake = chunk.moduleIds.find((id) => id.includes('/src/fake/'))
        if (fake) this.error(`${fake} is for tests, and no part of a release`)
      }
      if (size > mostScript) this.error(`${size} bytes of JavaScript (gzip); ${mostScript} is the most`)
    },
  }
}

export default defineConfig({
  plugins: [svelte(), svelteTesting(), contentSecurityPolicy(), release()],
  build: {
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    emptyOutDir: true,
  },
  preview: { host: '127.0.0.1', strictPort: true },
  server: { host: '127.0.0.1', fs: { allow: ['.', '../backend/internal/pages/static'] } },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.ts'],
    setupFiles: ['./src/lib/vitest.setup.ts'],
    restoreMocks: true,
    testTimeout: 20_000, // of a machine that has other things to do
  },
})
