import { createHash } from 'node:crypto'
import { onAbort } from '../../core/abort.ts'
import type { StoreCall } from '../../conversations/storage/index.ts'
import { checkSignal } from '../mutex/index.ts'
import type { SqlExecutor, SqlRow, SqlSession, SqlValue } from '../sql/index.ts'
import type { PgClient, PgPool } from './pool.ts'

/** Runs statements through a pool of `pg`. A statement whose caller has left is cancelled in the server. */
export function poolExecutor(
  pool: () => Promise<PgPool>,
  { close, prepare }: PoolExecutorOptions,
): SqlExecutor {
  const names = prepare ? createNames() : undefined
  const borrowed = async <T>(call: StoreCall | undefined, work: (lent: Lent) => Promise<T>): Promise<T> => {
    const from = await pool()
    checkSignal(call?.signal)
    const client = await connect(from, call)
    const lent: Lent = { client, pool: from, names, pending: [], broken: false }
    // The statement under way tells of a connection that breaks; without a listener the process would end too.
    client.on?.('error', ignore)
    try {
      return await work(lent)
    } finally {
      await Promise.all(lent.pending)
      client.off?.('error', ignore)
      client.release(lent.broken)
    }
  }
  return {
    query: (sql, values, call) => borrowed(call, (lent) => ask(lent, { sql, values }, call)),
    tx: (work, call) => borrowed(call, (lent) => transaction(lent, work, call)),
    ...(close === undefined ? {} : { close }),
  }
}

const ignore = (): void => undefined

/** How statements are sent, and what ends with the store. */
export interface PoolExecutorOptions {
  readonly prepare: boolean
  readonly close?: (() => Promise<void>) | undefined
}

/** The name of a statement, the same in every process: `undefined` for one too many. */
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

/** A connection while it is lent. */
interface Lent {
  readonly client: PgClient
  readonly pool: PgPool
  readonly names: Names | undefined
  /** Cancellations under way: until they are done nobody else may have the connection. */
  readonly pending: Promise<unknown>[]
  broken: boolean
}

// Who leaves while waiting for a connection gives it back unused when it comes.
async function connect(pool: PgPool, call: StoreCall | undefined): Promise<PgClient> {
  const coming = pool.connect()
  const signal = call?.signal
  if (signal === undefined) return coming
  return new Promise((resolve, reject) => {
    let left = false
    const unlink = onAbort({ signal }, (error) => {
      left = true
      reject(error)
    })
    coming.then(
      (client) => {
        unlink()
        if (left) client.release()
        else resolve(client)
      },
      (error: unknown) => {
        unlink()
        reject(error)
      },
    )
  })
}

async function transaction<T>(
  lent: Lent,
  work: (session: SqlSession) => Promise<T>,
  call: StoreCall | undefined,
): Promise<T> {
  await lent.client.query('begin')
  try {
    const query: SqlSession['query'] = (sql, values, inner) => ask(lent, { sql, values }, inner ?? call)
    const result = await work({ query })
    await lent.client.query('commit')
    return result
  } catch (error) {
    await lent.client.query('rollback').catch(() => void (lent.broken = true))
    throw error
  }
}

interface Statement {
  readonly sql: string
  readonly values: readonly SqlValue[]
}

async function ask(
  lent: Lent,
  { sql, values }: Statement,
  call: StoreCall | undefined,
): Promise<readonly SqlRow[]> {
  const name = values.length === 0 ? undefined : lent.names?.(sql)
  const given = [...values]
  const running =
    name === undefined ? lent.client.query(sql, given) : lent.client.query({ name, text: sql, values: given })
  const signal = call?.signal
  // What takes a step back runs to its end.
  if (signal === undefined || sql.startsWith('rollback')) return (await running).rows as readonly SqlRow[]
  const over = running.then(ignore, ignore)
  const unlink = onAbort({ signal }, () => lent.pending.push(cancel(lent, over)))
  try {
    return (await running).rows as readonly SqlRow[]
  } catch (error) {
    checkSignal(signal)
    throw error
  } finally {
    unlink()
  }
}

/** Asks the server, on another connection, to end what this one runs; unless that is over before there is one. */
async function cancel({ client, pool }: Lent, over: Promise<void>): Promise<void> {
  const { processID } = client as { processID?: unknown }
  if (typeof processID !== 'number') return
  const coming = pool.connect()
  try {
    const other = await Promise.race([coming, over])
    if (other !== undefined) await other.query('select pg_cancel_backend($1)', [processID])
  } catch {
    // It then ends by itself.
  }
  coming.then((other) => other.release(), ignore)
}
