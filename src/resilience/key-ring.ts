import type { Clock } from '../core/clock.ts'
import type { LlmError } from '../core/error.ts'

/** Several keys of one provider, used in turn: one that is refused is left out, one that is limited rests. */
export interface KeyRing<K> {
  /** The next key that may be used; `undefined` where none may. */
  next(): { readonly key: K; readonly index: number } | undefined
  /** How long until a resting key may be used again; `undefined` where none rests. */
  readonly restMs: number | undefined
  /** What a call with the key met. */
  report(index: number, error: LlmError | undefined): void
  readonly size: number
}

// A refused key may be mended by its owner: it is tried again after this time.
const DEAD_MS = 300_000
const DEFAULT_REST_MS = 5_000

/** A ring of keys, all usable at first. */
export function createKeyRing<K>(keys: readonly K[], clock: Clock): KeyRing<K> {
  const usableAt = keys.map(() => 0)
  let turn = 0
  return {
    size: keys.length,
    next: () => {
      const now = clock.now()
      for (let step = 0; step < keys.length; step++) {
        const index = (turn + step) % keys.length
        if ((usableAt[index] as number) > now) continue
        turn = index + 1
        return { key: keys[index] as K, index }
      }
      return undefined
    },
    get restMs() {
      const soonest = Math.min(...usableAt) - clock.now()
      return soonest > 0 && soonest < DEAD_MS ? soonest : undefined
    },
    report: (index, error) => {
      if (error === undefined) usableAt[index] = 0
      else if (error.kind === 'unauthorized' || error.kind === 'quota-exhausted')
        usableAt[index] = clock.now() + DEAD_MS
      else if (error.kind === 'rate-limited')
        usableAt[index] = clock.now() + (error.retryAfterMs ?? DEFAULT_REST_MS)
    },
  }
}
