import { systemClock, type Clock } from '../core/clock.ts'
import { LlmError } from '../core/error.ts'
import { checkOptions } from '../core/options.ts'
import { createMemoryLimitStore, type LimitStore, type MemoryLimitStore } from '../limits/index.ts'
import { fileLimitStoreSchema, LimitDatabase, type FileLimitStoreOptions } from './files/index.ts'
import { loadSqlite, retryWhileBusy } from './sqlite/index.ts'

export type { FileLimitStoreOptions } from './files/index.ts'

/**
 * Creates a limit store in one SQLite file, through Node's own `node:sqlite`. It survives the process and is shared by all
 * processes of one machine. It suits some hundred calls per second; use Redis for more, and for several machines. Throws
 * `misconfigured` if an option is wrong, or the runtime has no `node:sqlite`.
 */
export function createFileLimitStore(options: FileLimitStoreOptions): LimitStore {
  checkOptions('createFileLimitStore', fileLimitStoreSchema, options)
  loadSqlite()
  return new FileLimitStore(options)
}

class FileLimitStore implements LimitStore {
  readonly #directory: string
  readonly #lockMs: number
  readonly #clock: Clock
  readonly #database: LimitDatabase
  readonly #fallback: MemoryLimitStore | undefined

  constructor({ directory, onDown, lockMs = 5_000, clock = systemClock }: FileLimitStoreOptions) {
    this.#directory = directory
    this.#lockMs = lockMs
    this.#clock = clock
    this.#database = new LimitDatabase(directory, clock)
    // Its times are above 0, because their sign marks them.
    const ownClock = { ...clock, now: () => clock.now() + 1, epochMs: () => clock.epochMs() }
    this.#fallback = onDown === 'fail-closed' ? undefined : createMemoryLimitStore(ownClock)
  }

  async reserve(
    request: Parameters<LimitStore['reserve']>[0],
  ): Promise<Awaited<ReturnType<LimitStore['reserve']>>> {
    const keys = [...request.buckets, ...request.counters].map(({ key }) => key)
    try {
      return await this.#step(keys, (store) => store.reserve(request))
    } catch (error) {
      const verdict = this.#fallbackFor(error).reserve(request)
      // Negative times mark a grant that the file did not record.
      return verdict.granted
        ? { ...verdict, at: -verdict.at, periods: verdict.periods.map((at) => -at) }
        : verdict
    }
  }

  async settle(...[buckets, counters]: Parameters<LimitStore['settle']>): Promise<readonly number[]> {
    if ((buckets[0]?.at ?? counters[0]?.period ?? 0) < 0) {
      const own = buckets.map((bucket) => ({ ...bucket, at: -bucket.at }))
      const ownCounters = counters.map((one) => ({ ...one, period: -one.period }))
      return this.#fallback?.settle(own, ownCounters) ?? []
    }
    const keys = [...buckets, ...counters].map(({ key }) => key)
    try {
      return await this.#step(keys, (store) => store.settle(buckets, counters))
    } catch (error) {
      throw this.#downError(error)
    }
  }

  async read(
    ...[buckets, counters]: Parameters<LimitStore['read']>
  ): Promise<Awaited<ReturnType<LimitStore['read']>>> {
    const keys = [...buckets, ...counters].map(({ key }) => key)
    try {
      return await this.#step(keys, (store) => store.read(buckets, counters))
    } catch (error) {
      return this.#fallbackFor(error).read(buckets, counters)
    }
  }

  async reset(keys: readonly string[]): Promise<void> {
    this.#fallback?.reset(keys)
    try {
      await this.#step(keys, (store) => store.reset(keys))
    } catch (error) {
      throw this.#downError(error)
    }
  }

  async close(): Promise<void> {
    this.#database.close()
  }

  #step<Result>(keys: readonly string[], action: (store: MemoryLimitStore) => Result): Promise<Result> {
    const options = { clock: this.#clock, busyTimeoutMs: this.#lockMs, path: this.#directory }
    return retryWhileBusy(options, () => this.#database.step(keys, action))
  }

  #fallbackFor(cause: unknown): MemoryLimitStore {
    if (this.#fallback !== undefined) return this.#fallback
    throw this.#downError(cause)
  }

  #downError(cause: unknown): LlmError {
    const reason = cause instanceof Error ? cause.message : String(cause)
    return new LlmError(
      'overloaded',
      `file limits: cannot use the file in the folder "${this.#directory}": ${reason}; make the folder writable, or use onDown fail-open`,
      {
        code: 'limit-store-down',
        cause,
      },
    )
  }
}
