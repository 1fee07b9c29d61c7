import type { Token } from './contract'
import { at, characters, endOfDay, soon } from './format'

// The rules that a token is made and looked at by. Go has the last word: these
// are its rules once more, so that what is wrong is said while one types.

export const mostCharacters = 100 // of a description
export const mostRepositories = 50
const longestName = 255 // bytes
export const soonDays = 7 // from when on a token is said to expire soon

export type DescriptionFault = '' | 'none' | 'long'

export function descriptionFault(text: string): DescriptionFault {
  const length = characters(text.trim())
  return length === 0 ? 'none' : length > mostCharacters ? 'long' : ''
}

export type EndFault = '' | 'wrong' | 'over' | 'far'

// endOf is the moment that a day like 2027-01-31 and an hour are; hour 24 is
// the day's last second. null if that is no day.
export function endOf(day: string, hour: number): string | null {
  const end = endOfDay(day)
  if (!end || hour === 24) return end
  const when = new Date(end)
  when.setHours(hour, 0, 0, 0)
  return when.toISOString()
}

export function endFault(day: string, hour: number, now: Date): EndFault {
  const end = endOf(day, hour)
  if (!end) return 'wrong'
  const year = new Date(now)
  year.setFullYear(year.getFullYear() + 1)
  const when = new Date(end)
  return when <= now ? 'over' : when > year ? 'far' : ''
}

// A repository's name with * for any part of a component.
const part = '[a-z0-9*]+(?:[._-]+[a-z0-9*]+)*'
const patternForm = new RegExp(`^${part}(?:/${part})*$`)

export type PatternFault = 'form' | 'twice' | 'many' | 'none'

// patternsIn are the names and patterns that a person wrote, one a line or
// with commas between them.
export function patternsIn(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean)
}

// patternFault is the first thing wrong with them, and with which.
export function patternFault(patterns: string[]): { fault: PatternFault; pattern: string } | null {
  if (patterns.length === 0) return { fault: 'none', pattern: '' }
  if (patterns.length > mostRepositories) return { fault: 'many', pattern: '' }
  for (const [i, pattern] of patterns.entries()) {
    if (pattern.length > longestName || !patternForm.test(pattern) || pattern.includes('**'))
      return { fault: 'form', pattern }
    if (patterns.indexOf(pattern) < i) return { fault: 'twice', pattern }
  }
  return null
}

export type Expiry = 'over' | 'soon' | 'later' | 'never'

export function expiryOf(token: Token, now: Date): Expiry {
  const end = at(token.expires)
  if (token.status === 'expired' || (end && end <= now)) return 'over'
  if (!end) return 'never'
  return soon(token.expires, now, soonDays) ? 'soon' : 'later'
}

// What can be done with a token: the service refuses the rest.
export type Deed = 'edit' | 'deactivate' | 'activate' | 'pin' | 'unpin' | 'rotate' | 'delete'

export function deeds(token: Token): Deed[] {
  if (token.status === 'expired') return ['delete']
  const auto = token.source === 'auto'
  const active = token.status === 'active'
  return [
    'edit',
    active ? 'deactivate' : 'activate',
    ...(auto ? [token.pinned ? ('unpin' as const) : ('pin' as const)] : []),
    ...(!auto && active ? ['rotate' as const] : []),
    'delete',
  ]
}
