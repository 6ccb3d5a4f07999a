import { createHash } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock, type Clock } from '../core/clock.ts'
import { LlmError } from '../core/error.ts'
import {
  createMemoryLimitStore,
  type BucketState,
  type CounterState,
  type LimitStore,
  type MemoryLimitState,
  type MemoryLimitStore,
} from '../limits/index.ts'

export interface FileLimitStoreOptions {
  /** Holds one small file per limit that is in use. Made where it is missing; give it to nothing else. */
  readonly directory: string
  /**
   * Where the directory cannot be read or written: `fail-open` (default) holds the same limits in this process alone,
   * `fail-closed` refuses every call with `overloaded` (code `limit-store-down`).
   */
  readonly onDown?: 'fail-open' | 'fail-closed' | undefined
  /** After which the lock of a process that crashed is broken, in milliseconds. Default 5 000. */
  readonly lockMs?: number | undefined
  readonly clock?: Clock | undefined
}

const ASK_AGAIN_MS = 3
const LOCK = '.lock'

/**
 * Keeps limits in files: they outlive the process, and the processes of one machine share them. For a handful of calls
 * a second; more than that is Redis's. A call that is refused writes nothing.
 */
export function createFileLimitStore(options: FileLimitStoreOptions): LimitStore {
  const { directory, onDown = 'fail-open' } = options
  if (typeof directory !== 'string' || directory === '')
    throw new LlmError('misconfigured', 'file limits: directory names a folder')
  if (onDown !== 'fail-open' && onDown !== 'fail-closed')
    throw new LlmError('misconfigured', "file limits: onDown takes 'fail-open' or 'fail-closed'")
  return new FileLimitStore(options)
}

interface Stored {
  readonly key: string
  readonly bucket?: BucketState | undefined
  readonly counter?: CounterState | undefined
}

class FileLimitStore implements LimitStore {
  readonly #directory: string
  readonly #lockMs: number
  readonly #clock: Clock
  /** Moments are those of the calendar: processes share them. */
  readonly #shared: Clock
  readonly #fallback: MemoryLimitStore | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor({ directory, onDown, lockMs = 5_000, clock = systemClock }: FileLimitStoreOptions) {
    this.#directory = directory
    this.#lockMs = lockMs
    this.#clock = clock
    this.#shared = { ...clock, now: () => clock.epochMs(), epochMs: () => clock.epochMs() }
    this.#fallback = onDown === 'fail-closed' ? undefined : createMemoryLimitStore(this.#shared)
  }

  async reserve(
    request: Parameters<LimitStore['reserve']>[0],
  ): Promise<Awaited<ReturnType<LimitStore['reserve']>>> {
    const keys = [...request.buckets, ...request.counters].map(({ key }) => key)
    try {
      return await this.#step(keys, (store) => store.reserve(request))
    } catch (error) {
      const verdict = this.#without(error).reserve(request)
      // A minus tells that it was granted without the files.
      return verdict.granted
        ? { ...verdict, at: -verdict.at, periods: verdict.periods.map((at) => -at) }
        : verdict
    }
  }

  async settle(...[buckets, counters]: Parameters<LimitStore['settle']>): Promise<readonly number[]> {
    if ((buckets[0]?.at ?? counters[0]?.period ?? 0) < 0) {
      const own = buckets.map((bucket) => ({ ...bucket, at: -bucket.at }))
      return (
        this.#fallback?.settle(
          own,
          counters.map((one) => ({ ...one, period: -one.period })),
        ) ?? []
      )
    }
    const keys = [...buckets, ...counters].map(({ key }) => key)
    return this.#step(keys, (store) => store.settle(buckets, counters))
  }

  async read(
    ...[buckets, counters]: Parameters<LimitStore['read']>
  ): Promise<Awaited<ReturnType<LimitStore['read']>>> {
    const keys = [...buckets, ...counters].map(({ key }) => key)
    try {
      return await this.#step(keys, (store) => store.read(buckets, counters))
    } catch (error) {
      return this.#without(error).read(buckets, counters)
    }
  }

  async reset(keys: readonly string[]): Promise<void> {
    this.#fallback?.reset(keys)
    await this.#step(keys, (store) => store.reset(keys))
  }

  async close(): Promise<void> {
    await this.#last
  }

  #without(cause: unknown): MemoryLimitStore {
    if (this.#fallback !== undefined) return this.#fallback
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new LlmError('overloaded', `limits: the files that count them cannot be used: ${reason}`, {
      code: 'limit-store-down',
      cause,
    })
  }

  // One at a time in this process, and by the lock in all: what is read is still so when it is written.
  #step<Result>(keys: readonly string[], action: (store: MemoryLimitStore) => Result): Promise<Result> {
    const step = this.#last.then(() => this.#locked(keys, action))
    this.#last = step.catch(() => undefined)
    return step
  }

  async #locked<Result>(
    keys: readonly string[],
    action: (store: MemoryLimitStore) => Result,
  ): Promise<Result> {
    await mkdir(this.#directory, { recursive: true })
    await this.#lock()
    try {
      const state = await this.#load(keys)
      const before = new Map(keys.map((key) => [key, textOf(state, key)]))
      const result = action(createMemoryLimitStore(this.#shared, state))
      for (const [key, text] of before) {
        const now = textOf(state, key)
        if (now !== text) await this.#save(key, now)
      }
      return result
    } finally {
      await rm(join(this.#directory, LOCK), { force: true })
    }
  }

  async #lock(): Promise<void> {
    const path = join(this.#directory, LOCK)
    const until = this.#clock.now() + this.#lockMs
    for (;;) {
      try {
        await (await open(path, 'wx')).close()
        return
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'EEXIST' || this.#clock.now() > until) throw error
      }
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }))
      if (Date.now() - mtimeMs > this.#lockMs) await rm(path, { force: true })
      else await new Promise<void>((resolve) => this.#clock.setTimer(resolve, ASK_AGAIN_MS))
    }
  }

  async #load(keys: readonly string[]): Promise<MemoryLimitState> {
    const state: MemoryLimitState = { buckets: new Map(), counters: new Map() }
    for (const key of keys) {
      const text = await readFile(this.#path(key), 'utf8').catch((error: unknown) => {
        if ((error as { code?: unknown }).code === 'ENOENT') return ''
        throw error
      })
      if (text === '') continue
      const stored = JSON.parse(text) as Stored
      if (stored.bucket !== undefined) state.buckets.set(key, { ...stored.bucket })
      if (stored.counter !== undefined) state.counters.set(key, { ...stored.counter })
    }
    return state
  }

  // Written beside and moved: a process that crashes leaves the old file, never half of one.
  async #save(key: string, text: string): Promise<void> {
    const path = this.#path(key)
    if (text === '') return rm(path, { force: true })
    await writeFile(`${path}.new`, text)
    await rename(`${path}.new`, path)
  }

  #path(key: string): string {
    return join(this.#directory, fileNameOf(key))
  }
}

/** A name that every file system takes, whatever the key holds: some of it to read, and a hash so that no two are one. */
function fileNameOf(key: string): string {
  const readable = key.replaceAll(/[^\w-]+/g, '_').slice(0, 60)
  return `${readable}.${createHash('sha256').update(key).digest('hex').slice(0, 24)}.json`
}

function textOf({ buckets, counters }: MemoryLimitState, key: string): string {
  const [bucket, counter] = [buckets.get(key), counters.get(key)]
  return bucket === undefined && counter === undefined
    ? ''
    : JSON.stringify({ key, bucket, counter } satisfies Stored)
}
