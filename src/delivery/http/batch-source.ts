import { LlmError } from '../../core/error.ts'
import type { EventBatch } from '../../core/event.ts'

/** The source of a body's batches. */
export type BatchSource =
  /** A `ChatStream`, or an object of its shape. */
  | { batches(): AsyncIterable<EventBatch>; cancel?(reason?: unknown): void }
  | (AsyncIterable<EventBatch> & { cancel?(reason?: unknown): void })

/** A source being read, one batch at a time. */
export interface OpenSource {
  next(): Promise<IteratorResult<EventBatch, unknown>>
  /** Cancels the source at once, even while a `next` is pending. Later batches and errors are ignored. */
  cancel(reason: unknown): void
}

/** Wraps the iterator of a source. */
export type WrapBatches = (batches: AsyncIterator<EventBatch, unknown>) => AsyncIterator<EventBatch, unknown>

/** Opens a source or the promise of one. If the promise rejects, the first `next` does. */
export function openSource(source: BatchSource | Promise<BatchSource>, wrap: WrapBatches): OpenSource {
  return source instanceof Promise ? openLater(source, wrap) : openNow(source, wrap)
}

function openNow(source: BatchSource, wrap: WrapBatches): OpenSource {
  const batches = 'batches' in source ? source.batches() : source
  if (typeof batches?.[Symbol.asyncIterator] !== 'function')
    throw new LlmError('invalid-request', 'streamingBody: source must be a stream of batches')
  const iterator = wrap(batches[Symbol.asyncIterator]())
  return {
    next: () => iterator.next(),
    cancel: (reason) => {
      source.cancel?.(reason)
      // After `cancel`, because a generator that waits acts on `return` only after its wait.
      iterator.return?.().then(undefined, () => undefined)
    },
  }
}

function openLater(promise: Promise<BatchSource>, wrap: WrapBatches): OpenSource {
  let open: OpenSource | undefined
  let cancelled: { readonly reason: unknown } | undefined
  const opened = promise.then((source) => {
    open = openNow(source, wrap)
    if (cancelled !== undefined) open.cancel(cancelled.reason)
    return open
  })
  opened.catch(() => undefined)
  return {
    next: () => open?.next() ?? opened.then((source) => source.next()),
    cancel: (reason) => {
      cancelled = { reason }
      open?.cancel(reason)
    },
  }
}
