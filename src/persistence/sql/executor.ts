import type { StoreCall } from '../../conversations/storage/index.ts'

/** A value bound to a placeholder. */
export type SqlValue = string | number | null

/** A result row by column name. */
export type SqlRow = Readonly<Record<string, unknown>>

/** Runs statements one after the other. */
export interface SqlSession {
  /** Runs one statement with placeholders `$1`, `$2` … Rejects with the driver's own error. */
  query(sql: string, values: readonly SqlValue[], call?: StoreCall): Promise<readonly SqlRow[]>
}

/**
 * The database driver of a store. For SQLite, `query` outside `tx` only reads, foreign keys must be on, and `tx` must
 * start with `begin immediate`. For Postgres, `query` may also write.
 */
export interface SqlExecutor extends SqlSession {
  /** Runs `work` in one transaction on one connection. Commits if it resolves, rolls back if it rejects. A migration may take long. */
  tx<T>(
    work: (session: SqlSession) => Promise<T>,
    call?: StoreCall & { readonly isMigration?: boolean | undefined },
  ): Promise<T>
  /** Closes what the executor opened itself. */
  close?(): Promise<void>
}

/** Converts an absent field to SQL `null`. */
export function orNull<T extends SqlValue>(value: T | undefined): T | null {
  return value ?? null
}

/** Reads an integer column; some drivers return large integers as text. */
export function count(row: SqlRow | undefined, column: string): number {
  return Number(row?.[column] ?? 0)
}

/** Reads a text column. */
export function text(row: SqlRow, column: string): string {
  return String(row[column])
}

/** Reads a nullable text column. */
export function optional(row: SqlRow, column: string): string | undefined {
  const value = row[column]
  return typeof value === 'string' ? value : undefined
}

/** Reads a nullable integer column. */
export function optionalCount(row: SqlRow, column: string): number | undefined {
  return row[column] === null || row[column] === undefined ? undefined : Number(row[column])
}

/** Returns `($1, $2), ($3, $4)`: placeholders for `rows` rows of `columns` values, starting at `first`. */
export function places(rows: number, columns: number, first: number = 1): string {
  let at = first - 1
  const row = (): string => `(${Array.from({ length: columns }, () => `$${++at}`).join(', ')})`
  return Array.from({ length: rows }, row).join(', ')
}
