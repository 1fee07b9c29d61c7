import type { Pair } from '../go'
import { acts } from './go-acts'
import { errors } from './go-errors'
import { states } from './go-states'

// What Go says, in German. A sentence that is missing here is shown in English.
export const goWords: readonly Pair[] = [...errors, ...states, ...acts]
