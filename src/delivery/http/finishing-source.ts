import type { Batch } from '../../core/event.ts'
import type { BatchSource } from './batch-source.ts'

/** A source that its reader may leave: it is then read to its end, so that the call comes to its own. */
export function finishingSource(stream: { batches(): AsyncIterable<Batch> }): BatchSource {
  return {
    batches: () => {
      const iterator = stream.batches()[Symbol.asyncIterator]()
      const done = { value: undefined, done: true as const }
      const own: AsyncIterableIterator<Batch> = {
        [Symbol.asyncIterator]: () => own,
        next: () => iterator.next(),
        return: () => {
          drain(iterator).catch(() => undefined)
          return Promise.resolve(done)
        },
      }
      return own
    },
  }
}

async function drain(iterator: AsyncIterator<Batch>): Promise<void> {
  while ((await iterator.next()).done !== true);
}
