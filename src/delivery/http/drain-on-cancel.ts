import type { EventBatch } from '../../core/event.ts'
import type { BatchSource } from './batch-source.ts'

/** Wraps a stream so that it is read to its end after the client disconnects, because the call is to be completed. */
export function drainOnCancel(stream: { batches(): AsyncIterable<EventBatch> }): BatchSource {
  return {
    batches: () => {
      const iterator = stream.batches()[Symbol.asyncIterator]()
      const done = { value: undefined, done: true as const }
      const own: AsyncIterableIterator<EventBatch> = {
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

async function drain(iterator: AsyncIterator<EventBatch>): Promise<void> {
  while ((await iterator.next()).done !== true);
}
