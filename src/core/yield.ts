import type { Clock } from './clock.ts'

/** Resolves after pending I/O and timers of the event loop have run. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve)
    else setTimeout(resolve, 0)
  })
}

/** Yields to the event loop if the last yield was at least 8 ms ago; otherwise resolves at once. */
export type YieldWhenDue = () => Promise<void>

const MAX_BLOCKED_MS = 8

/** Creates a function to call between steps of long work, so that the work never blocks the event loop for long. */
export function createYielder(clock: Clock): YieldWhenDue {
  let resumedAt = clock.now()
  return async () => {
    if (clock.now() - resumedAt < MAX_BLOCKED_MS) return
    await yieldToEventLoop()
    resumedAt = clock.now()
  }
}
