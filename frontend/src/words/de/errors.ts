import type { errors as en } from '../en/errors'
import type { Message } from '../words.svelte'

export const errors: Record<keyof typeof en, Message> = {
  'error.later': 'Gleich noch einmal versuchen.',
}
