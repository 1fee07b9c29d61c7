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

// English: every message that there is.
export const en = {
  ...common,
  ...shell,
  ...start,
  ...home,
  ...tokens,
  ...security,
  ...activity,
  ...tools,
  ...settings,
} as const satisfies Record<string, Message>

export type Key = keyof typeof en
