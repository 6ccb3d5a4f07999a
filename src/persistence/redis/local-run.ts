import type { EventBatch } from '../../core/event.ts'
import type {
  LogEnding,
  StreamLogEntry,
  LogHead,
  LogPage,
  LogRange,
  LogState,
} from '../../core/stream-log.ts'

// Bounds of the copy that readers in this process use instead of Redis.
const TAIL_BYTES = 262_144
const TAIL_BATCHES = 1_024

interface TailBounds {
  readonly maxBytes: number
  readonly maxBatches: number
}

/** A run that this process writes, with its newest batches for readers in this process. */
export class LocalRun {
  readonly head: LogHead
  readonly wakes: Set<() => void> = new Set()
  /** Sequence of the newest batch. */
  last = 0
  /** Sequence of the newest batch that Redis has confirmed. */
  written = 0
  /** Whether the run continues without Redis, after a failure. */
  alone = false
  /** Whether the run can no longer be brought back to Redis. */
  gone = false
  rejoining = false
  /** Number of renewals since the run ended without Redis. */
  looks = 0
  state: LogState = 'running'
  ending: LogEnding | undefined
  #entries: StreamLogEntry[] = []
  #sizes: number[] = []
  #bytes = 0

  constructor(head: LogHead) {
    this.head = head
  }

  /** Adds batches. Keeps the newest within the bounds above, or within those of the log while Redis is down. */
  add(batches: readonly EventBatch[], sizes: readonly number[], { maxBytes, maxBatches }: TailBounds): void {
    for (const [index, batch] of batches.entries()) {
      this.#entries.push({ seq: ++this.last, batch })
      this.#sizes.push(sizes[index] ?? 0)
      this.#bytes += sizes[index] ?? 0
    }
    if (this.alone) this.#trim(maxBytes, maxBatches)
    else this.#trim(Math.min(maxBytes, TAIL_BYTES), Math.min(maxBatches, TAIL_BATCHES))
  }

  /** Returns a page, or `undefined` if the local copy no longer has its start. */
  read({ after, maxBatches, maxBytes }: LogRange): LogPage | undefined {
    const first = this.#entries[0]?.seq ?? this.last + 1
    if (after + 1 < first) return undefined
    const from = after + 1 - first
    let to = from
    for (let bytes = 0; to < this.#entries.length && to - from < maxBatches; to++) {
      bytes += this.#sizes[to] ?? 0
      if (to > from && bytes > maxBytes) break
    }
    const { last, state, ending } = this
    return { entries: this.#entries.slice(from, to), first, last, state, ending }
  }

  wake(): void {
    for (const wake of this.wakes) wake()
  }

  // Drops half at once, so that a full copy is not moved for every batch.
  #trim(maxBytes: number, maxBatches: number): void {
    if (this.#bytes <= maxBytes && this.#entries.length <= maxBatches) return
    let drop = 0
    while (
      drop < this.#entries.length - 1 &&
      (this.#bytes > maxBytes / 2 || this.#entries.length - drop > maxBatches / 2)
    )
      this.#bytes -= this.#sizes[drop++] ?? 0
    this.#entries = this.#entries.slice(drop)
    this.#sizes = this.#sizes.slice(drop)
  }
}
