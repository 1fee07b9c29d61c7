import { render, screen } from '@testing-library/svelte'
import { afterEach, expect, it, vi } from 'vitest'
import Copy from './Copy.svelte'

afterEach(() => vi.useRealTimers())

it.each([
  ['Copied', () => Promise.resolve()],
  ['Not copied', () => Promise.reject(new Error('no clipboard'))],
])('says %s for two seconds', async (words, copy) => {
  vi.useFakeTimers()
  render(Copy, { name: 'Copy link', copy })
  screen.getByRole('button', { name: 'Copy link' }).click()
  await vi.advanceTimersByTimeAsync(1900)
  expect(screen.getByRole('status')).toHaveTextContent(words)
  await vi.advanceTimersByTimeAsync(200)
  expect(screen.getByRole('status')).toHaveProperty('textContent', '')
})
