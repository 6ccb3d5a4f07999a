import { createHash } from 'node:crypto'
import { onAbort } from '../../core/abort.ts'
import type { StoreCall } from '../../conversations/storage/index.ts'
import { checkSignal } from '../mutex/index.ts'
import type { SqlExecutor, SqlRow, SqlSession, SqlValue } from '../sql/index.ts'
import type { PgClient, PgPool } from './pool.ts'

/** Runs statements through a pool of `pg`. If the caller aborts, the running statement is cancelled on the server. */
export function poolExecutor(
  pool: () => Promise<PgPool>,
  { close, prepare }: PoolExecutorOptions,
): SqlExecutor {
  const names = prepare ? createNames() : undefined
  const withConnection = async <T>(
    call: StoreCall | undefined,
    work: (connection: Connection) => Promise<T>,
  ): Promise<T> => {
    const from = await pool()
    checkSignal(call?.signal)
    const client = await connect(from, call)
    const connection: Connection = { client, pool: from, names, pending: [], broken: false }
    // A broken connection rejects the running statement. Without a listener its `error` event would end the process.
    client.on?.('error', ignore)
    try {
      return await work(connection)
    } finally {
      await Promise.all(connection.pending)
      client.off?.('error', ignore)
      client.release(connection.broken)
    }
  }
  return {
    query: (sql, values, call) =>
      withConnection(call, (connection) => runStatement(connection, { sql, values }, call)),
    tx: (work, call) => withConnection(call, (connection) => transaction(connection, work, call)),
    ...(close === undefined ? {} : { close }),
  }
}

const ignore = (): void => undefined

/** How statements are sent, and what to close with the store. */
export interface PoolExecutorOptions {
  readonly prepare: boolean
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
  /**
   * Cancellations in progress. The connection is released only after them, because they would hit the next statement.
   */
  readonly pending: Promise<unknown>[]
  broken: boolean
}

// If the caller aborts while it waits for a connection, the connection is released unused when it arrives.
async function connect(pool: PgPool, call: StoreCall | undefined): Promise<PgClient> {
  const connecting = pool.connect()
  const signal = call?.signal
  if (signal === undefined) return connecting
  return new Promise((resolve, reject) => {
    let aborted = false
    const removeListener = onAbort({ signal }, (error) => {
      aborted = true
      reject(error)
    })
    connecting.then(
      (client) => {
        removeListener()
        if (aborted) client.release()
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
  await connection.client.query('begin')
  try {
    const query: SqlSession['query'] = (sql, values, inner) =>
      runStatement(connection, { sql, values }, inner ?? call)
    const result = await work({ query })
    await connection.client.query('commit')
    return result
  } catch (error) {
    await connection.client.query('rollback').catch(() => void (connection.broken = true))
    throw error
  }
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
  if (signal === undefined || sql.startsWith('rollback')) return (await running).rows as readonly SqlRow[]
  const ended = running.then(ignore, ignore)
  const removeListener = onAbort({ signal }, () => connection.pending.push(cancel(connection, ended)))
  try {
    return (await running).rows as readonly SqlRow[]
  } catch (error) {
    checkSignal(signal)
    throw error
  } finally {
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
