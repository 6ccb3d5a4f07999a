import type { Clock } from '../core/clock.ts'
import type { ByteSource } from '../core/wire.ts'
import type { Attempt } from './attempt.ts'

/** After the end mark, at most this many more pieces of a body are read … */
const MOST_TRAILING_PIECES = 4
/** … for at most this long. */
const MOST_TRAILING_MS = 1_000

/** Reads and drops what follows the end mark of a stream, because a connection that was read out can serve the next call. */
export async function drainBody(source: ByteSource, attempt: Attempt, clock: Clock): Promise<void> {
  const timer = clock.setTimer(() => attempt.close(), MOST_TRAILING_MS)
  let isOut = false
  try {
    for (let turn = 0; turn < MOST_TRAILING_PIECES && !isOut; turn++) isOut = (await source.read()) === null
  } catch {
    // The response is complete: how its connection ends does not matter.
  }
  clock.clearTimer(timer)
  if (isOut) attempt.release()
  else attempt.close()
}
