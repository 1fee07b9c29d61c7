import type { Pair } from '../go'

export const states: readonly Pair[] = [
  ['Unlock it with its password.', 'Mit dem Passwort des Schlüsselbunds entsperren.'],
]
