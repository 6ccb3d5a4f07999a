import type { EventBatch } from '../../core/event.ts'

/** Where a body's batches come from. */
export type BatchSource =
  /** A `ChatStream`, or what is made like it. */
  | { batches(): AsyncIterable<EventBatch>; cancel?(reason?: unknown): void }
  | (AsyncIterable<EventBatch> & { cancel?(reason?: unknown): void })

/** A source that is being read: one batch at a time. */
export interface OpenSource {
  next(): Promise<IteratorResult<EventBatch, unknown>>
  /** Ends the source at once, also while a `next` waits. Nothing that follows from it reaches the caller. */
  leave(reason: unknown): void
}

/** Opens a source, also one that is still being made: its failure is that of the first `next`. */
export function openSource(source: BatchSource | Promise<BatchSource>): OpenSource {
  return source instanceof Promise ? openLater(source) : openNow(source)
}

function openNow(source: BatchSource): OpenSource {
  const iterator = ('batches' in source ? source.batches() : source)[Symbol.asyncIterator]()
  return {
    next: () => iterator.next(),
    leave: (reason) => {
      source.cancel?.(reason)
      // A generator that waits takes this up only after its wait: hence `cancel` before.
      iterator.return?.().then(undefined, () => undefined)
    },
  }
}

function openLater(promise: Promise<BatchSource>): OpenSource {
  let open: OpenSource | undefined
  let left: { readonly reason: unknown } | undefined
  const opened = promise.then((source) => {
    open = openNow(source)
    if (left !== undefined) open.leave(left.reason)
    return open
  })
  opened.catch(() => undefined)
  return {
    next: () => open?.next() ?? opened.then((source) => source.next()),
    leave: (reason) => {
      left = { reason }
      open?.leave(reason)
    },
  }
}
