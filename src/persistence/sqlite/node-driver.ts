import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Clock } from '../../core/clock.ts'
import { LlmError } from '../../core/error.ts'
import { onAbort } from '../../core/abort.ts'
import { checkSignal, createMutex } from '../mutex/index.ts'
import type { SqlExecutor, SqlRow, SqlSession, SqlValue } from '../sql/index.ts'
import { isBusy } from './dialect.ts'

/** Where the file is and how it is used. */
export interface NodeDriverOptions {
  readonly path: string
  readonly clock: Clock
  readonly busyTimeoutMs: number
  readonly synchronous: 'normal' | 'full'
}

const MAX_STATEMENTS = 200

/**
 * Runs statements through `node:sqlite`: one connection that writes, one transaction at a time, and one that reads what
 * is committed. Its calls are synchronous, so every one is short, and waiting for another process is done by a timer.
 */
export function nodeDriver(options: NodeDriverOptions): SqlExecutor {
  const { clock, busyTimeoutMs: waitMs } = options
  const gate = createMutex({ clock, waitMs })
  const patient = <T>(action: () => T, signal?: AbortSignal): Promise<T> => patiently(options, action, signal)
  let opened: Promise<Connections> | undefined
  const open = (): Promise<Connections> => {
    opened ??= patient(() => connect(options)).catch((error: unknown) => {
      opened = undefined
      throw error
    })
    return opened
  }
  return {
    async query(sql, values, call) {
      const { reader } = await open()
      checkSignal(call?.signal)
      if (reader !== undefined) return patient(() => reader.run(sql, values), call?.signal)
      // In memory there is one connection only: what a transaction has not committed must not show.
      const leave = await gate.enter(call?.signal)
      try {
        return (await open()).writer.run(sql, values)
      } finally {
        leave()
      }
    },
    async tx(work, call) {
      const { writer } = await open()
      const leave = await gate.enter(call?.signal)
      try {
        await patient(() => writer.run('begin immediate', []), call?.signal)
        return await inside(writer, work)
      } finally {
        leave()
      }
    },
    async close() {
      const connections = await opened?.catch(() => undefined)
      const leave = connections === undefined ? undefined : await gate.enter()
      connections?.reader?.close()
      connections?.writer.close()
      leave?.()
    },
  }
}

async function inside<T>(writer: Connection, work: (session: SqlSession) => Promise<T>): Promise<T> {
  try {
    const result = await work({ query: async (sql, values) => writer.run(sql, values) })
    writer.run('commit', [])
    return result
  } catch (error) {
    writer.undo()
    throw error
  }
}

interface Connections {
  readonly writer: Connection
  readonly reader: Connection | undefined
}

function connect({ path, synchronous }: NodeDriverOptions): Connections {
  const writer = new Connection(path, synchronous)
  const inMemory = path === '' || path.includes(':memory:') || path.includes('mode=memory')
  try {
    return { writer, reader: inMemory ? undefined : new Connection(path, synchronous) }
  } catch (error) {
    writer.close()
    throw error
  }
}

/** One connection with the statements that it has prepared. */
class Connection {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(path: string, synchronous: 'normal' | 'full') {
    const sqlite = loadSqlite()
    this.#database = new sqlite.DatabaseSync(path, { enableForeignKeyConstraints: true })
    try {
      this.#database.exec('pragma journal_mode = wal')
      this.#database.exec(`pragma synchronous = ${synchronous}`)
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
      // SQLite has taken back some of what went wrong by itself.
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

function loadSqlite(): { readonly DatabaseSync: typeof DatabaseSync } {
  const sqlite: { readonly DatabaseSync: typeof DatabaseSync } | undefined =
    process.getBuiltinModule('node:sqlite')
  if (sqlite !== undefined) return sqlite
  const hint = 'needs Node 22.13 or newer, or another driver as executor'
  throw new LlmError('misconfigured', `the SQLite store ${hint}`, { code: 'package-missing' })
}

/** Tries until no other process is in the way. The waits grow to 20 ms and vary, so that nobody is passed over long. */
async function patiently<T>(
  { clock, busyTimeoutMs, path }: NodeDriverOptions,
  action: () => T,
  signal?: AbortSignal,
): Promise<T> {
  const deadline = clock.now() + busyTimeoutMs
  for (let tries = 0; ; tries++) {
    checkSignal(signal)
    try {
      return action()
    } catch (error) {
      if (!isBusy(error)) throw openError(error, path)
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

const CANNOT_OPEN = 14

function openError(error: unknown, path: string): unknown {
  const { errcode } = error as { errcode?: unknown }
  if (errcode !== CANNOT_OPEN) return error
  return new LlmError('misconfigured', `sqlite: cannot open ${path}: its folder must exist and be writable`, {
    code: 'store-down',
    cause: error,
  })
}

function busyError(waitedMs: number, cause: unknown): LlmError {
  return new LlmError(
    'overloaded',
    `sqlite: another process held the database for ${waitedMs} ms; try again, or raise busyTimeoutMs`,
    { code: 'store-busy', cause },
  )
}
