import type { EventBatch } from '../../core/event.ts'
import type { BatchSource } from './batch-source.ts'

/** A source that its reader may leave: it is then read to its end, so that the call comes to its own. */
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
