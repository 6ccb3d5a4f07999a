import type { Clock } from '../../../core/clock.ts'
import { LlmError } from '../../../core/error.ts'
import type { EventBatch } from '../../../core/event.ts'
import type { RunReader } from '../../runs/index.ts'
import { safeError } from '../guards/index.ts'

/** Returns a run's reader as the source of a body. Errors are safe to show; cancelling detaches the reader. */
export function runSource(
  reader: RunReader,
  { paceMs, clock }: { readonly paceMs: number; readonly clock: Clock },
): { batches(): AsyncGenerator<EventBatch, void, undefined>; cancel(): void } {
  let endPause = (): void => undefined
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = clock.setTimer(resolve, paceMs)
      endPause = () => {
        clock.clearTimer(timer)
        resolve()
      }
    })
  const batches = async function* (): AsyncGenerator<EventBatch, void, undefined> {
    try {
      for await (const { batch } of reader) {
        yield batch
        if (paceMs > 0) await pause()
      }
    } catch (error) {
      throw LlmError.is(error) ? safeError(error) : error
    }
  }
  const cancel = (): void => {
    reader.detach()
    endPause()
  }
  return { batches, cancel }
}
