import { LlmError } from '../../core/error.ts'

/** A prepared statement. */
export interface PgStatement {
  readonly name: string
  readonly text: string
  readonly values: unknown[]
}

/** The part of a client of `pg` (8 or newer) that the store uses. */
export interface PgClient {
  query(text: string | PgStatement, values?: unknown[]): Promise<{ readonly rows: unknown[] }>
  on?(event: 'error', listener: () => void): unknown
  off?(event: 'error', listener: () => void): unknown
  /** Returns the client to the pool. With `true`, its connection is closed. */
  release(destroy?: boolean): void
}

/** The part of a pool of `pg` (8 or newer) that the store uses. The application listens to its `error` events. */
export interface PgPool {
  connect(): Promise<PgClient>
}

/** A pool that the store creates and ends. */
export interface OwnPool extends PgPool {
  end(): Promise<void>
}

const CONNECT_MS = 10_000

interface PoolClass {
  new (options: object): OwnPool & { on(event: 'error', listener: () => void): unknown }
}

/** Creates a pool with the package `pg`. Rejects with `misconfigured` if the package is not installed. */
export async function openPool(options: {
  readonly connectionString: string
  readonly max: number
}): Promise<OwnPool> {
  const Pool = await loadPool()
  const pool = new Pool({ ...options, connectionTimeoutMillis: CONNECT_MS })
  // The pool replaces an idle connection that breaks. If the server is down, the next statement rejects.
  pool.on('error', () => undefined)
  return pool
}

async function loadPool(): Promise<PoolClass> {
  try {
    const pg: { readonly default: object } = await import('pg')
    return (pg.default as { readonly Pool: PoolClass }).Pool
  } catch (error) {
    throw new LlmError('misconfigured', 'the Postgres store cannot load the package pg: npm install pg', {
      code: 'package-missing',
      cause: error,
    })
  }
}
