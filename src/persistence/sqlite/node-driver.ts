import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Clock } from '../../core/clock.ts'
import { LlmError } from '../../core/error.ts'
import { onAbort } from '../../core/abort.ts'
import { createMutex } from '../../core/mutex.ts'
import { checkSignal } from '../../core/store-signal.ts'
import type { SqlExecutor, SqlRow, SqlSession, SqlValue } from '../sql/index.ts'
import { isBusy } from './dialect.ts'

/** Which file to open, and how to use it. */
export interface NodeDriverOptions {
  readonly path: string
  readonly clock: Clock
  readonly busyTimeoutMs: number
  readonly synchronous: 'normal' | 'full'
}

const MAX_STATEMENTS = 200

/**
 * Runs statements through `node:sqlite` with two connections: one writes, one transaction at a time, and one reads
 * committed data. Its calls are synchronous, so each is short, and a wait for another process uses a timer.
 */
export function nodeDriver(options: NodeDriverOptions): SqlExecutor {
  const { clock, busyTimeoutMs: waitMs } = options
  const mutex = createMutex({ clock, waitMs })
  const retried = <T>(action: () => T, signal?: AbortSignal): Promise<T> =>
    retryWhileBusy(options, action, signal)
  let opened: Promise<Connections> | undefined
  const open = (): Promise<Connections> => {
    opened ??= retried(() => connect(options)).catch((error: unknown) => {
      opened = undefined
      throw error
    })
    return opened
  }
  return {
    async query(sql, values, call) {
      const { reader } = await open()
      checkSignal(call?.signal)
      if (reader !== undefined) return retried(() => reader.run(sql, values), call?.signal)
      // A database in memory has one connection only, so a read has to wait for the open transaction.
      const release = await mutex.acquire(call?.signal)
      try {
        return writerOf(await open(), options.path).run(sql, values)
      } finally {
        release()
      }
    },
    async tx(work, call) {
      const writer = writerOf(await open(), options.path)
      const release = await mutex.acquire(call?.signal)
      try {
        await retried(() => writer.run('begin immediate', []), call?.signal)
        return await inside(writer, work, options.path)
      } finally {
        release()
      }
    },
    async close() {
      const connections = await opened?.catch(() => undefined)
      const release = connections === undefined ? undefined : await mutex.acquire()
      connections?.reader?.close()
      connections?.writer?.close()
      release?.()
    },
  }
}

async function inside<T>(
  writer: Connection,
  work: (session: SqlSession) => Promise<T>,
  path: string,
): Promise<T> {
  try {
    const result = await work({ query: async (sql, values) => writer.run(sql, values) })
    writer.run('commit', [])
    return result
  } catch (error) {
    writer.undo()
    throw fileError(error, path)
  }
}

interface Connections {
  /** Absent if the disk is read-only. */
  readonly writer: Connection | undefined
  readonly reader: Connection | undefined
}

function writerOf({ writer }: Connections, path: string): Connection {
  if (writer === undefined) throw readOnlyError(path)
  return writer
}

function connect({ path, synchronous }: NodeDriverOptions): Connections {
  const inMemory = path === '' || path.includes(':memory:') || path.includes('mode=memory')
  const open = (): Connection => {
    const made = new Connection(path)
    return made.prepared('pragma journal_mode = wal', `pragma synchronous = ${synchronous}`)
  }
  let writer: Connection
  try {
    writer = open()
  } catch (error) {
    const reader = isUnwritable(error) ? readOnlyConnection(path) : undefined
    if (reader === undefined) throw error
    return { writer: undefined, reader }
  }
  try {
    return { writer, reader: inMemory ? undefined : open() }
  } catch (error) {
    writer.close()
    throw error
  }
}

/**
 * Opens a file on a disk that takes no writes; `undefined` if that fails too. SQLite wants to write beside the file even for
 * reading, unless it may trust that no process changes it. With a log that was not merged, that would hide the newest writes.
 */
function readOnlyConnection(path: string): Connection | undefined {
  const { existsSync, statSync } = process.getBuiltinModule('node:fs')
  const { pathToFileURL } = process.getBuiltinModule('node:url')
  if (!existsSync(path)) return undefined
  const hasLog = (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0
  const names = [path, ...(hasLog ? [] : [`${pathToFileURL(path).href}?immutable=1`])]
  for (const name of names) {
    try {
      return new Connection(name, true).prepared('select 1 from sqlite_schema')
    } catch {
      // The next name, or the error of the first attempt.
    }
  }
  return undefined
}

/** One connection with its prepared statements. */
class Connection {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(path: string, readOnly: boolean = false) {
    const sqlite = loadSqlite()
    this.#database = new sqlite.DatabaseSync(path, { enableForeignKeyConstraints: true, readOnly })
  }

  /** Runs statements first. Closes the connection if one fails. */
  prepared(...statements: readonly string[]): this {
    try {
      for (const statement of statements) this.#database.exec(statement)
      return this
    } catch (error) {
      this.#database.close()
      throw error
    }
  }

  run(sql: string, values: readonly SqlValue[]): readonly SqlRow[] {
    const named = Object.fromEntries(values.map((value, at) => [`$${at + 1}`, value]))
    return this.#prepare(sql).all(named)
  }

  undo(): void {
    try {
      this.#database.exec('rollback')
    } catch {
      // SQLite has already rolled back after some errors.
    }
  }

  close(): void {
    this.#statements.clear()
    this.#database.close()
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const [oldest] = this.#statements.keys()
    if (oldest !== undefined && this.#statements.size >= MAX_STATEMENTS) this.#statements.delete(oldest)
    const made = this.#database.prepare(sql)
    this.#statements.set(sql, made)
    return made
  }
}

/** Loads `node:sqlite`. Throws `misconfigured` if this runtime has none. */
export function loadSqlite(): { readonly DatabaseSync: typeof DatabaseSync } {
  const sqlite: { readonly DatabaseSync: typeof DatabaseSync } | undefined =
    process.getBuiltinModule('node:sqlite')
  if (sqlite !== undefined) return sqlite
  const problem = `this runtime (${process.version}) has no node:sqlite`
  throw new LlmError(
    'misconfigured',
    `SQLite stores: ${problem}; use Node 22.13 or newer, or pass another driver as executor`,
    { code: 'package-missing' },
  )
}

/**
 * Retries while another process holds the lock. The waits grow to 20 ms and vary, so that every process gets its turn.
 */
export async function retryWhileBusy<T>(
  { clock, busyTimeoutMs, path }: Omit<NodeDriverOptions, 'synchronous'>,
  action: () => T,
  signal?: AbortSignal,
): Promise<T> {
  const deadline = clock.now() + busyTimeoutMs
  for (let tries = 0; ; tries++) {
    checkSignal(signal)
    try {
      return action()
    } catch (error) {
      if (!isBusy(error)) throw fileError(error, path)
      if (clock.now() >= deadline) throw busyError(busyTimeoutMs, error)
    }
    await pause(clock, Math.min(20, 2 ** Math.min(tries, 5)) * (0.5 + Math.random() / 2), signal)
  }
}

function pause(clock: Clock, delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const unlink = onAbort({ signal }, (error) => {
      clock.clearTimer(timer)
      unlink()
      reject(error)
    })
    const timer = clock.setTimer(() => {
      unlink()
      resolve()
    }, delayMs)
  })
}

// Primary result codes of SQLite.
const READ_ONLY = 8
const CANNOT_OPEN = 14
const NOT_A_DATABASE = 26

function isUnwritable(error: unknown): boolean {
  const { errcode } = error as { errcode?: unknown }
  return typeof errcode === 'number' && [READ_ONLY, CANNOT_OPEN].includes(errcode & 0xff)
}

/** Names the file for errors that are about the file. */
function fileError(error: unknown, path: string): unknown {
  const { errcode } = error as { errcode?: unknown }
  const primary = typeof errcode === 'number' ? errcode & 0xff : undefined
  if (primary === CANNOT_OPEN) {
    const hint = 'create its folder and make it writable, or set another path'
    return new LlmError('misconfigured', `sqlite: cannot open "${path}": ${hint}`, {
      code: 'store-down',
      cause: error,
    })
  }
  if (primary === READ_ONLY) return readOnlyError(path, error)
  if (primary !== NOT_A_DATABASE) return error
  const problem = `"${path}" is not an SQLite database: set another path`
  return new LlmError('server-failed', `sqlite: ${problem}`, { code: 'store-failed', cause: error })
}

function readOnlyError(path: string, cause?: unknown): LlmError {
  const problem = `cannot write to "${path}": make the file and its folder writable, or set another path`
  return new LlmError('server-failed', `sqlite: ${problem}`, { code: 'store-failed', cause })
}

function busyError(waitedMs: number, cause: unknown): LlmError {
  return new LlmError(
    'overloaded',
    `sqlite: another process held the write lock for ${waitedMs} ms: try again, or raise busyTimeoutMs`,
    { code: 'store-busy', cause },
  )
}
