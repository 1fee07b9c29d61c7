import type { Message } from '../words.svelte'

// Errors of the page itself; what Go says is in de/go.ts.
export const errors = {
  'error.later': 'Try again in a moment.',
} as const satisfies Record<string, Message>
