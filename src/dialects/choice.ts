import { numberOf } from '../core/json.ts'

// Above what any vendor offers. A limit, because memory is reserved for every index up to the last one.
const MAX_CHOICES = 1_024

/** The index of an answer after the first; `undefined` for the first answer and for an invalid index. */
export function choiceOf(index: unknown): number | undefined {
  const place = numberOf(index) ?? 0
  return Number.isInteger(place) && place > 0 && place < MAX_CHOICES ? place : undefined
}
