import type { Clock } from '../core/clock.ts'
import type { LlmError } from '../core/error.ts'

/** The API keys of one provider, used in rotation. A key that the provider rejects or rate-limits is in cooldown. */
export interface KeyPool<K> {
  /**
   * Returns the next available key; for a `draw` from 0 to 1 always the same one while it is available. If all are in cooldown,
   * returns the one whose cooldown ends first.
   */
  next(draw?: number): { readonly key: K; readonly index: number }
  /** Whether a key is available now. */
  readonly hasAvailable: boolean
  /** Records the result of a call with a key. Returns the key's cooldown in ms; 0 if it remains available. */
  report(index: number, error: LlmError | undefined): number
  /** Puts a key in cooldown, because another process reported it. */
  cooldown(index: number, cooldownMs: number): void
  readonly size: number
}

// A rejected key is tried again after this time, because its owner may have repaired it.
const REJECTED_KEY_MS = 300_000
const DEFAULT_COOLDOWN_MS = 5_000

/** Creates a pool whose keys are all available. */
export function createKeyPool<K>(keys: readonly K[], clock: Clock): KeyPool<K> {
  const availableAt = keys.map(() => 0)
  let position = 0
  const cooldown = (index: number, cooldownMs: number): void => {
    if (index in availableAt) availableAt[index] = Math.max(availableAt[index] ?? 0, clock.now() + cooldownMs)
  }
  return {
    size: keys.length,
    next: (draw) => {
      const now = clock.now()
      const from = draw === undefined ? position : Math.floor(draw * keys.length)
      let best = from % keys.length
      for (let step = 0; step < keys.length; step++) {
        const index = (from + step) % keys.length
        const at = availableAt[index] ?? 0
        if (at < (availableAt[best] ?? 0)) best = index
        if (at > now) continue
        best = index
        break
      }
      if (draw === undefined) position = best + 1
      return { key: keys[best] as K, index: best }
    },
    get hasAvailable() {
      const now = clock.now()
      return availableAt.some((at) => at <= now)
    },
    report: (index, error) => {
      const cooldownMs = cooldownOf(error)
      if (cooldownMs > 0) cooldown(index, cooldownMs)
      else if (error === undefined) availableAt[index] = 0
      return cooldownMs
    },
    cooldown,
  }
}

function cooldownOf(error: LlmError | undefined): number {
  switch (error?.kind) {
    case 'unauthorized':
    case 'quota-exhausted':
      return REJECTED_KEY_MS
    case 'rate-limited':
      return error.retryAfterMs ?? DEFAULT_COOLDOWN_MS
    default:
      return 0
  }
}
