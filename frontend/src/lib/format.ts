// Times, names and codes, before they are words. Pure: now is passed in.

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

// at reads an RFC 3339 time; null where there is none.
export function at(time: string): Date | null {
  if (time === '') return null
  const date = new Date(time)
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() <= 1 ? null : date
}

// far is how far from now something lies, in the unit that people use; null
// where that is less than a minute.
export function far(ahead: number): [number, Intl.RelativeTimeFormatUnit] | null {
  const long = Math.abs(ahead)
  if (long < minute) return null
  // What lies ahead is 90 days, or 24 hours, still when a minute of them is over.
  const whole = ahead > 0 ? Math.round : Math.floor
  if (whole(long / minute) < 60) return [whole(long / minute), 'minute']
  if (whole(long / hour) < 24) return [whole(long / hour), 'hour']
  if (long < 120 * day) return [whole(long / day), 'day']
  if (long < 730 * day) return [whole(long / (30.44 * day)), 'month']
  return [whole(long / (365.25 * day)), 'year']
}

// count is a countdown; null once it is over or has no end.
export function count(time: string, now: Date): { minutes: number; seconds: number } | null {
  const when = at(time)
  if (!when) return null
  const seconds = Math.ceil((when.getTime() - now.getTime()) / 1000)
  return seconds <= 0 ? null : { minutes: Math.floor(seconds / 60), seconds: seconds % 60 }
}

// soon tells whether a time lies within so many days from now.
export function soon(time: string, now: Date, days: number): boolean {
  const when = at(time)
  return when !== null && when.getTime() - now.getTime() < days * day
}

// inDays is the moment so many days from now, as the service wants it.
export function inDays(days: number, now: Date): string {
  return new Date(now.getTime() + days * day).toISOString()
}

// dayOf is a date in the form of a date field, of the computer's own zone.
export function dayOf(when: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())}`
}

// endOfDay is the last second of a day written like 2027-01-31; null if that
// is no day.
export function endOfDay(text: string): string | null {
  const parts = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text.trim())
  if (!parts) return null
  const [year, month, number] = parts.slice(1).map(Number) as [number, number, number]
  const end = new Date(year, month - 1, number, 23, 59, 59)
  if (end.getMonth() !== month - 1 || end.getDate() !== number) return null
  return end.toISOString()
}

// characters counts as the service does: by code point.
export function characters(text: string): number {
  return [...text].length
}

// host is what people recognise a server by.
export function host(address: string): string {
  const name = address.replace(/^https?:\/\//, '').replace(/\/$/, '')
  return name === 'hub.docker.com' ? 'Docker Hub' : name
}

// Characters that turn the direction of what stands beside them.
const turning = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]/

// plain makes a name fit for an attribute, where <bdi> does not reach: one
// line, and isolated (U+2068 … U+2069) if it could turn its surroundings.
export function plain(name: string): string {
  // eslint-disable-next-line no-control-regex
  const line = name.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ')
  return turning.test(line) ? `\u2068${line}\u2069` : line
}
