import { LlmError } from '../../core/error.ts'

/** A statement that the server keeps parsed under a name. */
export interface PgStatement {
  readonly name: string
  readonly text: string
  readonly values: unknown[]
}

/** What is used of a client that a pool of `pg` (8 or newer) gives. */
export interface PgClient {
  query(text: string | PgStatement, values?: unknown[]): Promise<{ readonly rows: unknown[] }>
  on?(event: 'error', listener: () => void): unknown
  off?(event: 'error', listener: () => void): unknown
  /** With true, the connection is closed instead of kept. */
  release(destroy?: boolean): void
}

/** What is used of a pool of `pg` (8 or newer); its `error` events are the host's to listen to. */
export interface PgPool {
  connect(): Promise<PgClient>
}

/** A pool that is made for the store, and ends with it. */
export interface OwnPool extends PgPool {
  end(): Promise<void>
}

const CONNECT_MS = 10_000

interface PoolClass {
  new (options: object): OwnPool & { on(event: 'error', listener: () => void): unknown }
}

/** Makes a pool with `pg`, which must be installed. */
export async function openPool(options: {
  readonly connectionString: string
  readonly max: number
}): Promise<OwnPool> {
  const Pool = await loadPool()
  const pool = new Pool({ ...options, connectionTimeoutMillis: CONNECT_MS })
  // An idle connection that breaks is replaced by the pool; the next use tells of a server that is down.
  pool.on('error', () => undefined)
  return pool
}

async function loadPool(): Promise<PoolClass> {
  try {
    const pg: { readonly default: object } = await import('pg')
    return (pg.default as { readonly Pool: PoolClass }).Pool
  } catch (error) {
    throw new LlmError('misconfigured', 'the Postgres store needs the package pg: npm install pg', {
      code: 'package-missing',
      cause: error,
    })
  }
}
