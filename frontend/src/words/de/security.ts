import type { security as en } from '../en/security'
import type { Message } from '../words.svelte'

export const security: Record<keyof typeof en, Message> = {
  'security.title': 'Sicherheit',
  'security.intro': 'Wo das Konto angemeldet ist, und wer es versucht hat.',
}
