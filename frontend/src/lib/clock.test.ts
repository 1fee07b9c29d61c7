import { afterEach, expect, it, vi } from 'vitest'
import { Clock } from './clock.svelte'

afterEach(() => vi.useRealTimers())

it('goes on while it is started', () => {
  vi.useFakeTimers({ now: 0 })
  const clock = new Clock()
  const stop = clock.start()
  vi.advanceTimersByTime(60_000)
  expect(clock.now.getTime()).toBe(60_000)
  stop()
  vi.advanceTimersByTime(60_000)
  expect(clock.now.getTime()).toBe(60_000)
  expect(vi.getTimerCount()).toBe(0)
})
