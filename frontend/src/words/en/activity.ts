import type { Message } from '../words.svelte'

// Activity: what happened to tokens and sessions.
export const activity = {
  'activity.title': 'Activity',
  'activity.intro': 'What happened to your tokens and sessions, and from where. It is kept for a year.',
} as const satisfies Record<string, Message>
