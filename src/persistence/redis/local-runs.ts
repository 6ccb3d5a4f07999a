import { LlmError } from '../../core/error.ts'
import type { EventBatch } from '../../core/event.ts'
import type { LogBounds, LogEnding } from '../../core/stream-log.ts'
import type { LocalRun } from './local-run.ts'
import type { ResilientConnection } from './resilient-connection.ts'
import type { RunCodec, Verdict } from './stream-log-codec.ts'
import { cancelled, lost } from './stream-log-error.ts'

export interface LocalRunsOptions {
  readonly codec: RunCodec
  readonly connection: ResilientConnection
  readonly failOpen: boolean
  readonly bounds: Required<{ [K in keyof LogBounds]: number }>
}

/** Number of renewals within one lease. */
export const RENEWALS_PER_LEASE = 3
// Scripts block the Redis server while they run.
const APPEND_BATCHES = 256
const APPEND_BYTES = 1_048_576

/**
 * The runs that this process writes. Renews their leases, and brings runs that continued without Redis back to it while
 * their lease holds.
 */
export class LocalRuns {
  readonly #options: LocalRunsOptions
  readonly #runs = new Map<string, LocalRun>()

  constructor(options: LocalRunsOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#runs.size
  }

  get(id: string): LocalRun | undefined {
    return this.#runs.get(id)
  }

  all(): LocalRun[] {
    return [...this.#runs.values()]
  }

  async create(run: LocalRun): Promise<void> {
    const { id } = run.head
    this.#runs.set(id, run)
    try {
      await this.#options.codec.create(run.head)
    } catch (error) {
      if (this.#continuesAlone(run, error)) return
      this.#runs.delete(id)
      throw error
    }
  }

  async append(run: LocalRun, batches: readonly EventBatch[]): Promise<void> {
    for (let at = 0; at < batches.length; at += APPEND_BATCHES)
      await this.#append(run, batches.slice(at, at + APPEND_BATCHES))
  }

  async end(run: LocalRun, ending: LogEnding): Promise<void> {
    if (!run.alone && run.state === 'running')
      await this.#options.codec
        .end(run.head, ending)
        .catch((error: unknown) => this.#continuesAlone(run, error))
    // Readers in this process read the local copy, whatever the state of Redis.
    run.state = 'ended'
    run.ending = ending
    run.wake()
    this.forgetUnread(run)
  }

  /** Renews the lease of a run, or brings it back to Redis. Never rejects. */
  async renew(run: LocalRun): Promise<void> {
    if (run.alone) return this.#rejoin(run)
    if (run.state !== 'running') return
    try {
      this.#apply(run, await this.#options.codec.renew(run.head))
    } catch (error) {
      if (LlmError.is(error) && error.code === 'run-lost') run.head.onStop(error)
    }
  }

  /** Drops runs that ended without Redis once their lease can no longer hold, because Redis accepts them no more. */
  dropStale(): void {
    for (const run of this.#runs.values()) {
      if (run.ending === undefined || !run.alone) continue
      run.gone ||= ++run.looks > RENEWALS_PER_LEASE
      this.forgetUnread(run)
    }
  }

  /** Drops an ended run that has no readers in this process and is complete in Redis, or never will be. */
  forgetUnread({ head, state, wakes, alone, gone }: LocalRun): void {
    if (state === 'running' || wakes.size > 0 || (alone && !gone)) return
    this.#runs.delete(head.id)
  }

  clear(): void {
    this.#runs.clear()
  }

  async #append(run: LocalRun, batches: readonly EventBatch[]): Promise<void> {
    const texts = batches.map((batch) => JSON.stringify(batch))
    const sizes = texts.map((text) => text.length)
    if (!run.alone) {
      try {
        this.#apply(run, await this.#options.codec.append(run.head.id, run.written, texts))
        run.written += batches.length
      } catch (error) {
        if (!this.#continuesAlone(run, error)) throw error
      }
    }
    run.add(batches, sizes, this.#options.bounds)
    run.wake()
  }

  #continuesAlone(run: LocalRun, error: unknown): boolean {
    if (!this.#options.failOpen || !LlmError.is(error) || error.code !== 'stream-log-down') return false
    run.alone = true
    return true
  }

  /** Passes a cancellation on. Throws `stream-broken` if the run no longer belongs to this process. */
  #apply(run: LocalRun, { lost: isLost, stop }: Verdict): void {
    const { head } = run
    if (isLost) {
      run.state = 'lost'
      run.wake()
      throw lost(head.id)
    }
    if (stop !== undefined) head.onStop(cancelled(stop))
  }

  // After a failure the next renewal tries again. A run whose lease has expired stays lost, because readers in other
  // processes have already seen it end.
  async #rejoin(run: LocalRun): Promise<void> {
    const { codec, connection } = this.#options
    if (run.rejoining || run.gone || !connection.up) return
    run.rejoining = true
    try {
      if (run.written === 0) await codec.create(run.head)
      while (run.written < run.last && (await this.#copyPage(run)));
      if (run.gone) return
      run.alone = false
      if (run.ending !== undefined) await codec.end(run.head, run.ending)
      this.forgetUnread(run)
    } catch (error) {
      run.alone = true
      run.gone = LlmError.is(error, 'conflict')
    } finally {
      run.rejoining = false
    }
  }

  async #copyPage(run: LocalRun): Promise<boolean> {
    const { head, written } = run
    const page = run.read({ after: written, maxBatches: APPEND_BATCHES, maxBytes: APPEND_BYTES })
    const texts = page?.entries.map(({ batch }) => JSON.stringify(batch)) ?? []
    const verdict = texts.length === 0 ? undefined : await this.#options.codec.append(head.id, written, texts)
    run.gone = verdict?.lost !== false
    if (!run.gone) run.written += texts.length
    if (verdict?.stop !== undefined) head.onStop(cancelled(verdict.stop))
    return !run.gone
  }
}
