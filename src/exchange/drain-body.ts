import type { Clock } from '../core/clock.ts'
import type { ByteSource } from '../core/wire.ts'
import type { Attempt } from './attempt.ts'

/** Maximum number of pieces of a body that are read after the end mark. */
const MAX_TRAILING_PIECES = 4
/** Maximum time of reading after the end mark, in ms. */
const MAX_TRAILING_MS = 1_000

/** Reads and drops the rest of a body after the end mark, because only a connection whose body was read can be reused. */
export async function drainBody(source: ByteSource, attempt: Attempt, clock: Clock): Promise<void> {
  const timer = clock.setTimer(() => attempt.close(), MAX_TRAILING_MS)
  let isDrained = false
  try {
    for (let piece = 0; piece < MAX_TRAILING_PIECES && !isDrained; piece++)
      isDrained = (await source.read()) === null
  } catch {
    // The response is complete, so an error of its connection does not matter.
  }
  clock.clearTimer(timer)
  if (isDrained) attempt.release()
  else attempt.close()
}
