import type { Key } from '../en'
import type { Message } from '../words.svelte'
import { activity } from './activity'
import { common } from './common'
import { home } from './home'
import { security } from './security'
import { settings } from './settings'
import { shell } from './shell'
import { start } from './start'
import { tokens } from './tokens'
import { tools } from './tools'

// German: every message, like English.
export const de: Record<Key, Message> = {
  ...common,
  ...shell,
  ...start,
  ...home,
  ...tokens,
  ...security,
  ...activity,
  ...tools,
  ...settings,
}
