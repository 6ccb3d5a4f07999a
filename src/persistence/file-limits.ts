import { createHash } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock, type Clock } from '../core/clock.ts'
import { LlmError } from '../core/error.ts'
import { checkOptions } from '../core/options.ts'
import {
  createMemoryLimitStore,
  type BucketState,
  type CounterState,
  type LimitStore,
  type MemoryLimitState,
  type MemoryLimitStore,
} from '../limits/index.ts'
import { fileLimitStoreSchema, type FileLimitStoreOptions } from './files/index.ts'

export type { FileLimitStoreOptions } from './files/index.ts'

const LOCK_RETRY_MS = 3
const LOCK = '.lock'

/**
 * Creates a limit store in files, which survive the process and are shared by all processes of one machine. It suits a
 * few calls per second; use Redis for more. A rejected call writes nothing. Throws `misconfigured` if an option is
 * wrong.
 */
export function createFileLimitStore(options: FileLimitStoreOptions): LimitStore {
  checkOptions('createFileLimitStore', fileLimitStoreSchema, options)
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
  /** Uses wall-clock time, because the processes share the stored times. */
  readonly #wallClock: Clock
  readonly #fallback: MemoryLimitStore | undefined
  #lastStep: Promise<unknown> = Promise.resolve()

  constructor({ directory, onDown, lockMs = 5_000, clock = systemClock }: FileLimitStoreOptions) {
    this.#directory = directory
    this.#lockMs = lockMs
    this.#clock = clock
    this.#wallClock = { ...clock, now: () => clock.epochMs(), epochMs: () => clock.epochMs() }
    this.#fallback = onDown === 'fail-closed' ? undefined : createMemoryLimitStore(this.#wallClock)
  }

  async reserve(
    request: Parameters<LimitStore['reserve']>[0],
  ): Promise<Awaited<ReturnType<LimitStore['reserve']>>> {
    const keys = [...request.buckets, ...request.counters].map(({ key }) => key)
    try {
      return await this.#inOrder(keys, (store) => store.reserve(request))
    } catch (error) {
      const verdict = this.#fallbackFor(error).reserve(request)
      // Negative times mark a grant that the files did not record.
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
    return this.#inOrder(keys, (store) => store.settle(buckets, counters))
  }

  async read(
    ...[buckets, counters]: Parameters<LimitStore['read']>
  ): Promise<Awaited<ReturnType<LimitStore['read']>>> {
    const keys = [...buckets, ...counters].map(({ key }) => key)
    try {
      return await this.#inOrder(keys, (store) => store.read(buckets, counters))
    } catch (error) {
      return this.#fallbackFor(error).read(buckets, counters)
    }
  }

  async reset(keys: readonly string[]): Promise<void> {
    this.#fallback?.reset(keys)
    await this.#inOrder(keys, (store) => store.reset(keys))
  }

  async close(): Promise<void> {
    await this.#lastStep
  }

  #fallbackFor(cause: unknown): MemoryLimitStore {
    if (this.#fallback !== undefined) return this.#fallback
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new LlmError(
      'overloaded',
      `file limits: cannot read or write the folder "${this.#directory}": ${reason}; make it writable, or use onDown fail-open`,
      {
        code: 'limit-store-down',
        cause,
      },
    )
  }

  // Steps run one at a time in this process, and the lock file excludes other processes, so the state that was read is
  // still current when it is written.
  #inOrder<Result>(keys: readonly string[], action: (store: MemoryLimitStore) => Result): Promise<Result> {
    const step = this.#lastStep.then(() => this.#locked(keys, action))
    this.#lastStep = step.catch(() => undefined)
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
      const result = action(createMemoryLimitStore(this.#wallClock, state))
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
      else await new Promise<void>((resolve) => this.#clock.setTimer(resolve, LOCK_RETRY_MS))
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

  // Writes a second file and renames it, so that a crash never leaves a half-written file.
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

/** Returns a name that every file system accepts: a readable part of the key, and a hash that makes it unique. */
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
