import { isNodeTimer, systemClock, type Clock, type Timer } from '../../core/clock.ts'
import { clockField } from '../../core/common-fields.ts'
import { LlmError } from '../../core/error.ts'
import type { EventBatch } from '../../core/event.ts'
import { checkOptions, optionsSchema } from '../../core/options.ts'
import { orInfinity, positiveCount, type Group } from '../../core/schema.ts'
import {
  logBoundsRows,
  readLogBounds,
  type LogBounds,
  type LogEnding,
  type LogHead,
  type LogInfo,
  type LogPage,
  type LogRange,
  type StreamLog,
} from '../../core/stream-log.ts'
import { bytesOf, pageEnd } from './batch-size.ts'

/** Options of `memoryStreamLog`. */
export interface MemoryStreamLogOptions extends LogBounds {
  /**
   * Maximum size of all runs together, in bytes. Default 268 435 456 (256 MiB). Above it the ended runs are dropped, the
   * oldest first; running ones are kept. `Infinity` for no maximum.
   */
  readonly maxTotalBytes?: number | undefined
  /** Source of time and timers, for tests. Default: real time. */
  readonly clock?: Clock | undefined
}

const DEFAULT_TOTAL_BYTES = 268_435_456
// A full log is cut to this share of its bounds, so that the array is not moved for every batch.
const KEPT_SHARE = 0.9

/** The schema of {@link MemoryStreamLogOptions}. */
export const memoryLogSchema: Group = optionsSchema<MemoryStreamLogOptions>()(() => ({
  ...logBoundsRows(),
  maxTotalBytes: orInfinity(positiveCount),
  clock: clockField,
}))

/** Creates a log in the memory of this process. Throws `misconfigured` with the path of the wrong option. */
export function memoryStreamLog(options: MemoryStreamLogOptions = {}): StreamLog {
  checkOptions('memoryStreamLog', memoryLogSchema, options)
  return new MemoryLog(options)
}

interface LoggedRun {
  readonly head: LogHead
  readonly batches: EventBatch[]
  readonly sizes: number[]
  readonly wakes: Set<() => void>
  first: number
  bytes: number
  ending: LogEnding | undefined
  expiresAt: number
}

class MemoryLog implements StreamLog {
  readonly #bounds: ReturnType<typeof readLogBounds>
  readonly #maxTotalBytes: number
  readonly #clock: Clock
  readonly #runs = new Map<string, LoggedRun>()
  readonly #keys = new Map<string, string>()
  /** Ids of ended runs. Their order is that of expiry, because all are kept for the same time. */
  readonly #ended = new Set<string>()
  #total = 0
  #timer: Timer | undefined

  constructor(options: MemoryStreamLogOptions) {
    this.#bounds = readLogBounds(options)
    this.#maxTotalBytes = options.maxTotalBytes ?? DEFAULT_TOTAL_BYTES
    this.#clock = options.clock ?? systemClock
  }

  async create(head: LogHead): Promise<void> {
    if (this.#runs.has(head.id))
      throw new LlmError('conflict', `run "${head.id}" already exists: use another id`)
    const nothing = { first: 1, bytes: 0, ending: undefined, expiresAt: Infinity }
    this.#runs.set(head.id, { head, batches: [], sizes: [], wakes: new Set(), ...nothing })
    if (head.key !== undefined) this.#keys.set(head.key, head.id)
  }

  async append(id: string, batches: readonly EventBatch[]): Promise<void> {
    const run = this.#runs.get(id)
    if (run === undefined || run.ending !== undefined)
      throw new LlmError('stream-broken', `run "${id}" has ended or expired: its log takes no more batches`, {
        code: 'run-lost',
      })
    for (const batch of batches) this.#add(run, batch)
    this.#trim(run)
    if (this.#total > this.#maxTotalBytes) this.#dropEnded()
    for (const wake of run.wakes) wake()
  }

  async end(id: string, ending: LogEnding): Promise<void> {
    const run = this.#runs.get(id)
    if (run === undefined || run.ending !== undefined) return
    run.ending = ending
    run.expiresAt = this.#clock.now() + this.#bounds.ttlMs
    this.#ended.add(id)
    if (this.#total > this.#maxTotalBytes) this.#dropEnded()
    this.#schedule()
    for (const wake of run.wakes) wake()
  }

  async read(id: string, { after, maxBatches, maxBytes }: LogRange): Promise<LogPage | undefined> {
    const run = this.#runs.get(id)
    if (run === undefined) return undefined
    const { batches, sizes, first, ending } = run
    const from = Math.max(0, after + 1 - first)
    const to = pageEnd(sizes, { from, maxBatches, maxBytes })
    const entries = batches.slice(from, to).map((batch, index) => ({ seq: first + from + index, batch }))
    const state = ending === undefined ? 'running' : 'ended'
    return { entries, first, last: first + batches.length - 1, state, ending }
  }

  async info(id: string): Promise<LogInfo | undefined> {
    const run = this.#runs.get(id)
    if (run === undefined) return undefined
    const { head, first, batches, ending } = run
    const state = ending === undefined ? 'running' : 'ended'
    const last = first + batches.length - 1
    return { id, key: head.key, state, last, meta: head.meta, figures: head.figures(), ending }
  }

  async find(key: string): Promise<string | undefined> {
    return this.#keys.get(key)
  }

  async cancel(id: string, reason: string): Promise<boolean> {
    const run = this.#runs.get(id)
    if (run === undefined || run.ending !== undefined) return false
    run.head.onStop(new LlmError('aborted', reason, { code: 'cancelled' }))
    return true
  }

  watch(id: string, wake: () => void): () => void {
    const wakes = this.#runs.get(id)?.wakes
    wakes?.add(wake)
    return () => void wakes?.delete(wake)
  }

  async close(): Promise<void> {
    this.#clock.clearTimer(this.#timer)
    this.#timer = undefined
    this.#runs.clear()
    this.#keys.clear()
    this.#ended.clear()
    this.#total = 0
  }

  #add(run: LoggedRun, batch: EventBatch): void {
    const bytes = bytesOf(batch)
    run.batches.push(batch)
    run.sizes.push(bytes)
    run.bytes += bytes
    this.#total += bytes
  }

  #trim(run: LoggedRun): void {
    const { maxBytes, maxBatches } = this.#bounds
    if (run.bytes <= maxBytes && run.batches.length <= maxBatches) return
    let drop = 0
    let bytes = 0
    const isOver = (): boolean =>
      run.bytes - bytes > maxBytes * KEPT_SHARE || run.batches.length - drop > maxBatches * KEPT_SHARE
    while (drop < run.batches.length - 1 && isOver()) bytes += run.sizes[drop++] ?? 0
    run.batches.splice(0, drop)
    run.sizes.splice(0, drop)
    run.first += drop
    run.bytes -= bytes
    this.#total -= bytes
  }

  #dropEnded(): void {
    for (const id of this.#ended) {
      if (this.#total <= this.#maxTotalBytes) return
      this.#forget(id)
    }
  }

  #forget(id: string): void {
    const run = this.#runs.get(id)
    this.#ended.delete(id)
    if (run === undefined) return
    this.#runs.delete(id)
    this.#total -= run.bytes
    const { key } = run.head
    if (key !== undefined && this.#keys.get(key) === id) this.#keys.delete(key)
    // Wakes readers, so that they find that the run is gone.
    for (const wake of run.wakes) wake()
  }

  // One timer for all runs, set for the next that expires; it does not keep the process alive.
  #schedule(): void {
    const [next] = this.#ended
    const run = next === undefined ? undefined : this.#runs.get(next)
    if (run === undefined || this.#timer !== undefined) return
    const sweep = (): void => {
      this.#timer = undefined
      const now = this.#clock.now()
      for (const id of this.#ended) {
        if ((this.#runs.get(id)?.expiresAt ?? 0) > now) break
        this.#forget(id)
      }
      this.#schedule()
    }
    this.#timer = this.#clock.setTimer(sweep, Math.max(0, run.expiresAt - this.#clock.now()))
    if (isNodeTimer(this.#timer)) this.#timer.unref()
  }
}
