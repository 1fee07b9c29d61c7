import type { Pair } from '../go'

export const errors: readonly Pair[] = [
  ['The server at {host} does not answer.', 'Der Server {host} antwortet nicht.'],
]
