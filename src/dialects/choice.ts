import { numberOf } from '../core/json.ts'

// No vendor gives more; every place up to the last one is kept.
const MOST_CHOICES = 1_024

/** The place of an answer beside the first; `undefined` for the first, and for a place that no answer can have. */
export function choiceOf(index: unknown): number | undefined {
  const place = numberOf(index) ?? 0
  return Number.isInteger(place) && place > 0 && place < MOST_CHOICES ? place : undefined
}
