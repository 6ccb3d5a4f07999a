import type { EventBatch, StreamEvent } from '../../core/event.ts'

// Estimated size of an event without its text.
const EVENT_BYTES = 48

/** Estimates the size of a batch in bytes. Not by serializing it, because every batch is measured. */
export function bytesOf(batch: EventBatch): number {
  let bytes = 0
  for (const event of batch) bytes += EVENT_BYTES + textBytes(event)
  return bytes
}

function textBytes(event: StreamEvent): number {
  switch (event.type) {
    case 'text-delta':
    case 'reasoning-delta':
      return event.text.length
    case 'tool-call-delta':
      return event.delta.length
    case 'tool-call':
      return JSON.stringify(event.arguments).length
    case 'tool-result':
      return JSON.stringify(event.result).length
    case 'file':
      return event.data?.length ?? 0
    default:
      return EVENT_BYTES
  }
}

/** Returns the end of the page that begins at `from`. A page has at least one batch, whatever its size, if any is left. */
export function pageEnd(
  sizes: readonly number[],
  { from, maxBatches, maxBytes }: { from: number; maxBatches: number; maxBytes: number },
): number {
  let to = from
  for (let bytes = 0; to < sizes.length && to - from < maxBatches; to++) {
    bytes += sizes[to] ?? 0
    if (to > from && bytes > maxBytes) break
  }
  return to
}
