import { LlmError } from '../core/error.ts'
import { checkOptions } from '../core/options.ts'
import { checkSignal } from '../core/store-signal.ts'
import { createSqlStore, type SqlExecutor, type SqlRow, type SqlSession, type SqlStore } from './sql/index.ts'
import {
  postgresDialect,
  pgliteStoreSchema,
  type PgliteStoreOptions,
  type PgliteDatabase,
  type PgliteSession,
} from './postgres/index.ts'

export type { PgliteDatabase, PgliteSession, PgliteStoreOptions } from './postgres/index.ts'

export type { MigrationReport, SqlStore, SqlStoreOptions } from './sql/index.ts'

/**
 * Creates a chat store in PGlite, which is PostgreSQL inside this process: for development and tests with the SQL of
 * production. Only one process may use a folder at a time, and statements run one after the other.
 *
 * ```ts
 * const store = createPgliteStore({ dataDir: './chats' })
 * ```
 */
export function createPgliteStore(options: PgliteStoreOptions = {}): SqlStore {
  checkOptions('createPgliteStore', pgliteStoreSchema, options)
  const { schema = 'switchyard' } = options
  return createSqlStore(pgliteExecutor(options), postgresDialect(schema), options)
}

interface OwnDatabase extends PgliteDatabase {
  close(): Promise<void>
}

function pgliteExecutor({ database, dataDir = 'memory://' }: PgliteStoreOptions): SqlExecutor {
  let own: Promise<OwnDatabase> | undefined
  const open = async (): Promise<PgliteDatabase> => database ?? (own ??= load(dataDir))
  const session = (of: PgliteSession): SqlSession => ({
    async query(sql, values, call) {
      if (!sql.startsWith('rollback')) checkSignal(call?.signal)
      return (await of.query(sql, [...values])).rows as readonly SqlRow[]
    },
  })
  return {
    query: async (sql, values, call) => session(await open()).query(sql, values, call),
    tx: async (work, call) => {
      const opened = await open()
      checkSignal(call?.signal)
      return opened.transaction((transaction) => work(session(transaction)))
    },
    close: async () => (await own?.catch(() => undefined))?.close(),
  }
}

async function load(dataDir: string): Promise<OwnDatabase> {
  let create: (dataDir: string) => Promise<OwnDatabase>
  try {
    const { PGlite } = (await import('@electric-sql/pglite')) as { PGlite: { create: typeof create } }
    create = (folder) => PGlite.create(folder)
  } catch (error) {
    const hint = 'npm install @electric-sql/pglite'
    throw new LlmError(
      'misconfigured',
      `the PGlite store cannot load the package @electric-sql/pglite: ${hint}`,
      {
        code: 'package-missing',
        cause: error,
      },
    )
  }
  return create(dataDir)
}
