import type { EventBatch, StreamEvent } from '../../core/event.ts'

// What an event costs besides its text.
const EVENT_BYTES = 48

/** About how much a batch takes, in bytes: counted on every batch, so not by writing it down. */
export function bytesOf(batch: EventBatch): number {
  let bytes = 0
  for (const event of batch) bytes += EVENT_BYTES + weightOf(event)
  return bytes
}

function weightOf(event: StreamEvent): number {
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

/** Where a page ends that begins at `from`: after at least one batch, if there is one. */
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
