import type { activity as en } from '../en/activity'
import type { Message } from '../words.svelte'

export const activity: Record<keyof typeof en, Message> = {
  'activity.title': 'Aktivität',
  'activity.intro': 'Was mit Token und Sitzungen geschah, und von wo. Ein Jahr lang aufbewahrt.',
}
