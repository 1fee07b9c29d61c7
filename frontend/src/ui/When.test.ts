import { render, screen } from '@testing-library/svelte'
import { expect, it } from 'vitest'
import When from './When.svelte'

const now = new Date('2026-11-23T10:00:00Z')

it.each([
  ['what has happened is never in the future', { past: true }, '2026-11-23T10:00:20Z', 'just now'],
  ['what is to come is', {}, '2026-11-23T10:00:20Z', 'in less than a minute'],
  ['what has happened long ago', { past: true }, '2026-11-23T08:00:00Z', '2 hours ago'],
])('%s', (_, props, time, words) => {
  render(When, { time, now, near: true, ...props })
  expect(screen.getByText(words)).toBeVisible()
})

it('says what there is in place of a time', () => {
  render(When, { time: '', now, past: true })
  expect(screen.getByText('Never')).toBeVisible()
})
