import { createHash } from 'node:crypto'
import { onAbort } from '../../core/abort.ts'
import { timerMs, type Clock, type Timer } from '../../core/clock.ts'
import { LlmError } from '../../core/error.ts'
import { inTime, within, type TimeBound } from '../../core/host-function.ts'
import type { StoreCall } from '../../conversations/storage/index.ts'
import { checkSignal } from '../../core/store-signal.ts'
import type { SqlExecutor, SqlRow, SqlSession, SqlValue } from '../sql/index.ts'
import type { PgClient, PgPool } from './pool.ts'

/** Runs statements through a pool of `pg`. If the caller aborts, the running statement is cancelled on the server. */
export function poolExecutor(
  pool: () => Promise<PgPool>,
  { close, prepare, timeoutMs, clock }: PoolExecutorOptions,
): SqlExecutor {
  const bound = { clock, ms: timeoutMs, late: () => lateError(timeoutMs) }
  const names = prepare ? createNames() : undefined
  const withConnection = async <T>(
    call: StoreCall | undefined,
    work: (connection: Connection) => Promise<T>,
  ): Promise<T> => {
    const from = await pool()
    checkSignal(call?.signal)
    const client = await connect(from, call, bound)
    const connection: Connection = { client, pool: from, names, bound, pending: [], broken: false }
    // A broken connection rejects the running statement. Without a listener its `error` event would end the process.
    client.on?.('error', ignore)
    try {
      return await work(connection)
    } finally {
      const isQuiet = connection.broken || (await within(clock, GRACE_MS, Promise.all(connection.pending)))
      client.off?.('error', ignore)
      client.release(connection.broken || !isQuiet)
    }
  }
  return {
    query: (sql, values, call) =>
      withConnection(call, (connection) => runStatement(connection, { sql, values }, call)),
    tx: (work, call) =>
      withConnection(call, (connection) => {
        const isMigration = call?.isMigration === true
        return transaction(isMigration ? patient(connection) : connection, work, call)
      }),
    ...(close === undefined ? {} : { close }),
  }
}

const ignore = (): void => undefined

/** How long a statement whose call was aborted may take to end, in ms. Its connection is closed after that. */
const GRACE_MS = 1_000

function lateError(timeoutMs: number): LlmError {
  return new LlmError(
    'overloaded',
    `Postgres did not answer within ${timeoutMs} ms (statementTimeoutMs); check the database, then try again`,
    { code: 'store-timeout' },
  )
}

/** How statements are sent, and what to close with the store. */
export interface PoolExecutorOptions {
  readonly prepare: boolean
  readonly clock: Clock
  /** Maximum time of one statement, and of the wait for a connection, in ms. */
  readonly timeoutMs: number
  readonly close?: (() => Promise<void>) | undefined
}

/** Returns the name of a prepared statement, the same in every process, or `undefined` once there are too many. */
type Names = (sql: string) => string | undefined

const MAX_NAMES = 200

function createNames(): Names {
  const known = new Map<string, string>()
  return (sql) => {
    const name = known.get(sql)
    if (name !== undefined || known.size >= MAX_NAMES) return name
    const made = `switchyard_${createHash('sha1').update(sql).digest('hex').slice(0, 20)}`
    known.set(sql, made)
    return made
  }
}

/** A connection in use. */
interface Connection {
  readonly client: PgClient
  readonly pool: PgPool
  readonly names: Names | undefined
  readonly bound: TimeBound
  /**
   * Cancellations in progress. The connection is released only after them, because they would hit the next statement.
   */
  readonly pending: Promise<unknown>[]
  broken: boolean
}

// If the caller aborts while it waits for a connection, the connection is released unused when it arrives.
async function connect(
  pool: PgPool,
  call: StoreCall | undefined,
  { clock, ms, late }: TimeBound,
): Promise<PgClient> {
  const connecting = pool.connect()
  return new Promise((resolve, reject) => {
    let isOver = false
    const end = (error: Error): void => {
      isOver = true
      reject(error)
    }
    const unlisten = onAbort({ signal: call?.signal }, end)
    const timer = clock.setTimer(() => end(late()), ms)
    const removeListener = (): void => {
      unlisten()
      clock.clearTimer(timer)
    }
    connecting.then(
      (client) => {
        removeListener()
        if (isOver) client.release()
        else resolve(client)
      },
      (error: unknown) => {
        removeListener()
        reject(error)
      },
    )
  })
}

async function transaction<T>(
  connection: Connection,
  work: (session: SqlSession) => Promise<T>,
  call: StoreCall | undefined,
): Promise<T> {
  await answered(connection, connection.client.query(beginOf(connection)))
  try {
    const query: SqlSession['query'] = (sql, values, inner) =>
      runStatement(connection, { sql, values }, inner ?? call)
    const result = await work({ query })
    await answered(connection, connection.client.query('commit'))
    return result
  } catch (error) {
    // The server rolls back what a closed connection left.
    if (!connection.broken)
      await answered(connection, connection.client.query('rollback')).catch(
        () => void (connection.broken = true),
      )
    throw error
  }
}

// The server ends what this process no longer waits for, also if the process itself is gone.
function beginOf({ bound: { ms } }: Connection): string {
  if (ms === Infinity) return 'begin'
  const limit = timerMs(Math.ceil(ms))
  return `begin; set local statement_timeout = ${limit}; set local lock_timeout = ${limit}`
}

/** The connection without a time limit: steps of a migration may rewrite large tables. */
function patient(connection: Connection): Connection {
  return Object.assign(connection, { bound: { ...connection.bound, ms: Infinity } })
}

/** Waits for the answer of the server. A connection that does not give it in time is closed. */
async function answered<T>(connection: Connection, running: Promise<T>): Promise<T> {
  const late = (): Error => {
    connection.broken = true
    return connection.bound.late()
  }
  return inTime(running, { ...connection.bound, late })
}

interface Statement {
  readonly sql: string
  readonly values: readonly SqlValue[]
}

async function runStatement(
  connection: Connection,
  { sql, values }: Statement,
  call: StoreCall | undefined,
): Promise<readonly SqlRow[]> {
  const name = values.length === 0 ? undefined : connection.names?.(sql)
  const given = [...values]
  const running =
    name === undefined
      ? connection.client.query(sql, given)
      : connection.client.query({ name, text: sql, values: given })
  const signal = call?.signal
  // A rollback is never cancelled.
  if (signal === undefined || sql.startsWith('rollback'))
    return (await answered(connection, running)).rows as readonly SqlRow[]
  const ended = running.then(ignore, ignore)
  const { clock } = connection.bound
  const { promise: deaf, reject } = Promise.withResolvers<never>()
  deaf.catch(ignore)
  let timer: Timer | undefined
  const giveUp = (error: LlmError): void => {
    connection.broken = true
    reject(error)
  }
  const removeListener = onAbort({ signal }, (error) => {
    connection.pending.push(cancel(connection, ended))
    timer = clock.setTimer(() => giveUp(error), GRACE_MS)
  })
  try {
    return (await Promise.race([answered(connection, running), deaf])).rows as readonly SqlRow[]
  } catch (error) {
    checkSignal(signal)
    throw error
  } finally {
    clock.clearTimer(timer)
    removeListener()
  }
}

/** Cancels the running statement through a second connection, unless it ends before there is one. */
async function cancel({ client, pool }: Connection, ended: Promise<void>): Promise<void> {
  const { processID } = client as { processID?: unknown }
  if (typeof processID !== 'number') return
  const connecting = pool.connect()
  try {
    const other = await Promise.race([connecting, ended])
    if (other !== undefined) await other.query('select pg_cancel_backend($1)', [processID])
  } catch {
    // The statement then ends on its own.
  }
  connecting.then((other) => other.release(), ignore)
}
