import type { Message } from '../words.svelte'

// Security: sessions and computers, recent sign-ins.
export const security = {
  'security.title': 'Security',
  'security.intro': 'Where your account is signed in, and who tried.',
} as const satisfies Record<string, Message>
