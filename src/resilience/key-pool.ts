import type { Clock } from '../core/clock.ts'
import type { LlmError } from '../core/error.ts'

/** Several keys of one provider, used in turn: one that is refused is left out, one that is limited rests. */
export interface KeyPool<K> {
  /** The next key that may be used; where all rest, the one that may be used soonest: the provider has the last word. */
  next(): { readonly key: K; readonly index: number }
  /** Whether some key may be used now. */
  readonly hasAvailable: boolean
  /** What a call with the key met. For how long the key rests now, in milliseconds; 0 where it does not. */
  report(index: number, error: LlmError | undefined): number
  /** Another process has found that the key must rest. */
  cooldown(index: number, restMs: number): void
  readonly size: number
}

// A refused key may be mended by its owner: it is tried again after this time.
const DEAD_MS = 300_000
const DEFAULT_REST_MS = 5_000

/** A ring of keys, all usable at first. */
export function createKeyPool<K>(keys: readonly K[], clock: Clock): KeyPool<K> {
  const usableAt = keys.map(() => 0)
  let turn = 0
  const rest = (index: number, restMs: number): void => {
    if (index in usableAt) usableAt[index] = Math.max(usableAt[index] ?? 0, clock.now() + restMs)
  }
  return {
    size: keys.length,
    next: () => {
      const now = clock.now()
      let best = turn % keys.length
      for (let step = 0; step < keys.length; step++) {
        const index = (turn + step) % keys.length
        const at = usableAt[index] ?? 0
        if (at < (usableAt[best] ?? 0)) best = index
        if (at > now) continue
        best = index
        break
      }
      turn = best + 1
      return { key: keys[best] as K, index: best }
    },
    get hasAvailable() {
      const now = clock.now()
      return usableAt.some((at) => at <= now)
    },
    report: (index, error) => {
      const restMs = restOf(error)
      if (restMs > 0) rest(index, restMs)
      else if (error === undefined) usableAt[index] = 0
      return restMs
    },
    cooldown: rest,
  }
}

function restOf(error: LlmError | undefined): number {
  switch (error?.kind) {
    case 'unauthorized':
    case 'quota-exhausted':
      return DEAD_MS
    case 'rate-limited':
      return error.retryAfterMs ?? DEFAULT_REST_MS
    default:
      return 0
  }
}
