import { optionsSchema } from '../../core/options.ts'
import { nonEmptyText, withMethods, type Group } from '../../core/schema.ts'
import { schemaField } from './dialect.ts'
import { sqlStoreRows, type SqlStoreOptions } from '../sql/index.ts'

/** The part of a PGlite instance, or of its transaction, that the store uses. */
export interface PgliteSession {
  query(sql: string, values?: unknown[]): Promise<{ readonly rows: unknown[] }>
}

/** The part of an instance of `@electric-sql/pglite` (0.3 or newer) that the store uses. */
export interface PgliteDatabase extends PgliteSession {
  transaction<T>(work: (transaction: PgliteSession) => Promise<T>): Promise<T>
}

/** Options of `createPgliteStore`. */
export interface PgliteStoreOptions extends SqlStoreOptions {
  /**
   * An instance that the application creates and closes. Default: the store creates one with `dataDir`, and closes it.
   */
  readonly database?: PgliteDatabase | undefined
  /** Folder for the data. Default `memory://`, which keeps nothing. */
  readonly dataDir?: string | undefined
  /** Schema of the tables, created if it is missing. Default `switchyard`. */
  readonly schema?: string | undefined
}

/** The schema of {@link PgliteStoreOptions}. */
export const pgliteStoreSchema: Group = optionsSchema<PgliteStoreOptions>()(() => ({
  ...sqlStoreRows(),
  database: withMethods('query', 'transaction'),
  dataDir: nonEmptyText,
  schema: schemaField,
}))
