import { estimateTokens } from './tokens.ts'

// Counting a text of fewer characters is cheaper than a lookup.
const SHORT = 8

/**
 * Estimates token counts, and caches them for texts of 8 characters or more, because every request repeats the history. The
 * key is a hash of the text with its length, so two texts with the same hash share an estimate.
 */
export class TokenCache {
  readonly #counts = new Map<number, number>()
  readonly #maxCounts: number

  /** `maxCounts`: maximum number of cached counts; the oldest is evicted first. */
  constructor(maxCounts = 4_096) {
    this.#maxCounts = maxCounts
  }

  /** Estimates the tokens of a text. */
  readonly count = (text: string): number => {
    if (text.length < SHORT) return estimateTokens(text)
    const key = hashOf(text)
    const known = this.#counts.get(key)
    if (known !== undefined) return known
    const tokens = estimateTokens(text)
    this.#counts.set(key, tokens)
    if (this.#counts.size > this.#maxCounts) this.#evictOldest()
    return tokens
  }

  #evictOldest(): void {
    const { value } = this.#counts.keys().next()
    if (value !== undefined) this.#counts.delete(value)
  }
}

// Two multiplicative 32-bit hashes, combined to the 53 bits that a number holds exactly.
function hashOf(text: string): number {
  let one = 0x811c9dc5 ^ text.length
  let other = 0x9e3779b9
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    one = Math.imul(one ^ unit, 0x01000193)
    other = Math.imul(other ^ unit, 0x85ebca6b) + 0x7f4a7c15
  }
  return (one >>> 0) * 0x200000 + (other >>> 11)
}
