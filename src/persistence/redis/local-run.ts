import type { EventBatch } from '../../core/event.ts'
import type {
  LogEnding,
  StreamLogEntry,
  LogHead,
  LogPage,
  LogRange,
  LogState,
} from '../../core/stream-log.ts'

// What readers in the writer's process have without asking Redis.
const TAIL_BYTES = 262_144
const TAIL_BATCHES = 1_024

interface TailBounds {
  readonly maxBytes: number
  readonly maxBatches: number
}

/** A run that this process writes, with its newest batches for readers who are here. */
export class LocalRun {
  readonly head: LogHead
  readonly wakes: Set<() => void> = new Set()
  /** Place of the newest batch. */
  last = 0
  /** Place of the newest that Redis has for certain. */
  written = 0
  /** Redis failed, and the run goes on without. */
  alone = false
  /** It cannot be brought back to Redis. */
  gone = false
  rejoining = false
  /** Looks at it since it ended alone. */
  looks = 0
  state: LogState = 'running'
  ending: LogEnding | undefined
  #entries: StreamLogEntry[] = []
  #sizes: number[] = []
  #bytes = 0

  constructor(head: LogHead) {
    this.head = head
  }

  /** Keeps batches that were written; of a run that is alone, all within the bounds of the log. */
  add(batches: readonly EventBatch[], sizes: readonly number[], { maxBytes, maxBatches }: TailBounds): void {
    for (const [index, batch] of batches.entries()) {
      this.#entries.push({ seq: ++this.last, batch })
      this.#sizes.push(sizes[index] ?? 0)
      this.#bytes += sizes[index] ?? 0
    }
    if (this.alone) this.#trim(maxBytes, maxBatches)
    else this.#trim(Math.min(maxBytes, TAIL_BYTES), Math.min(maxBatches, TAIL_BATCHES))
  }

  /** A page, where the tail has it. */
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

  // Half of it goes at once, so that a full tail is not moved for every batch.
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
