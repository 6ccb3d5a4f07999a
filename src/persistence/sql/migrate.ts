import type { StoreCall } from '../../conversations/storage/index.ts'
import type { SqlDialect } from './dialect.ts'
import { count, type SqlExecutor } from './executor.ts'
import { LlmError } from '../../core/error.ts'

/** What the migrations did. */
export interface MigrationReport {
  /** Number of the newest step that the schema is at. */
  readonly version: number
  /** Names of the steps that were run now. */
  readonly applied: readonly string[]
}

/**
 * Brings the schema to its newest step, all missing steps in one transaction. Any number of processes may do so at
 * once: one runs the steps, the others find them done. A schema of a newer release is refused with `misconfigured`.
 */
export function migrate(
  executor: SqlExecutor,
  dialect: SqlDialect,
  options: StoreCall & { readonly now: number },
): Promise<MigrationReport> {
  return executor.tx(async (session) => {
    await dialect.lockMigrations(session)
    const table = dialect.table('migrations')
    const columns = 'number bigint primary key, name text not null, applied_at bigint not null'
    await session.query(`create table if not exists ${table} (${columns})`, [])
    const [row] = await session.query(`select max(number) as version from ${table}`, [])
    const version = count(row, 'version')
    const newest = dialect.migrations.length
    if (version > newest) throw tooNew(version, newest)
    const missing = dialect.migrations.filter(({ number }) => number > version)
    for (const { number, name, statements } of missing) {
      for (const statement of statements) await session.query(statement, [])
      const insert = `insert into ${table} (number, name, applied_at) values ($1, $2, $3)`
      await session.query(insert, [number, name, options.now])
    }
    return { version: newest, applied: missing.map(({ name }) => name) }
  }, options)
}

function tooNew(found: number, known: number): LlmError {
  return new LlmError(
    'misconfigured',
    `the database is at schema version ${found}, this release of llm-switchyard knows ${known}: install the newer release`,
    { code: 'schema-too-new' },
  )
}
