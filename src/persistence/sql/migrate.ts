import type { StoreCall } from '../../conversations/storage/index.ts'
import type { SqlDialect } from './dialect.ts'
import { count, type SqlExecutor } from './executor.ts'
import { LlmError } from '../../core/error.ts'

/** Result of a migration. */
export interface MigrationReport {
  /** Number of the newest step in the schema. */
  readonly version: number
  /** Names of the steps that this call ran. */
  readonly applied: readonly string[]
}

/**
 * Runs all missing steps of the schema in one transaction, and nothing that writes if there are none. Several processes may call it at once: one runs the steps,
 * the others find them done. Rejects with `misconfigured`, code `schema-too-new`, if a newer release wrote the schema.
 */
export async function migrate(
  executor: SqlExecutor,
  dialect: SqlDialect,
  options: StoreCall & { readonly now: number },
): Promise<MigrationReport> {
  const newest = dialect.migrations.length
  if ((await storedVersion(executor, dialect, options)) === newest) return { version: newest, applied: [] }
  return executor.tx(
    async (session) => {
      await dialect.lockMigrations(session)
      const table = dialect.table('migrations')
      const columns = 'number bigint primary key, name text not null, applied_at bigint not null'
      await session.query(`create table if not exists ${table} (${columns})`, [])
      const [row] = await session.query(`select max(number) as version from ${table}`, [])
      const version = count(row, 'version')
      if (version > newest) throw tooNew(version, newest)
      const missing = dialect.migrations.filter(({ number }) => number > version)
      for (const { number, name, statements } of missing) {
        for (const statement of statements) await session.query(statement, [])
        const insert = `insert into ${table} (number, name, applied_at) values ($1, $2, $3)`
        await session.query(insert, [number, name, options.now])
      }
      return { version: newest, applied: missing.map(({ name }) => name) }
    },
    { signal: options.signal, isMigration: true },
  )
}

// A read needs no lock and no right to change tables.
async function storedVersion(
  executor: SqlExecutor,
  dialect: SqlDialect,
  call: StoreCall,
): Promise<number | undefined> {
  try {
    const [row] = await executor.query(
      `select max(number) as version from ${dialect.table('migrations')}`,
      [],
      call,
    )
    return count(row, 'version')
  } catch (error) {
    // A new database has no such table. What is wrong otherwise, the transaction tells.
    if (LlmError.is(error)) throw error
    return undefined
  }
}

function tooNew(found: number, known: number): LlmError {
  return new LlmError(
    'misconfigured',
    `the database has schema version ${found}, newer than ${known}, the newest that this release of llm-switchyard supports: update llm-switchyard, or use another database`,
    { code: 'schema-too-new' },
  )
}
