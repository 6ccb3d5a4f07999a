import type { StoreCall } from '../../conversations/storage/index.ts'

/** A value of a statement. */
export type SqlValue = string | number | null

/** A row that came back, by column. */
export type SqlRow = Readonly<Record<string, unknown>>

/** Runs statements one after the other. */
export interface SqlSession {
  /** Runs one statement with `$1`, `$2` … in it; rejects with what the driver throws. */
  query(sql: string, values: readonly SqlValue[], call?: StoreCall): Promise<readonly SqlRow[]>
}

/**
 * All that a store needs of a database driver. For SQLite `query` outside of `tx` only reads, foreign keys must be on,
 * and `tx` must begin by taking the write lock (`begin immediate`). For Postgres `query` may write too.
 */
export interface SqlExecutor extends SqlSession {
  /** Runs `work` in one transaction on one connection: committed when it resolves, rolled back when it rejects. */
  tx<T>(work: (session: SqlSession) => Promise<T>, call?: StoreCall): Promise<T>
  /** Releases what the executor opened itself. */
  close?(): Promise<void>
}

/** A value for a column that may be empty. */
export function orNull<T extends SqlValue>(value: T | undefined): T | null {
  return value ?? null
}

/** A column that holds a whole number; some drivers give large ones as text. */
export function count(row: SqlRow | undefined, column: string): number {
  return Number(row?.[column] ?? 0)
}

/** A column that holds text. */
export function text(row: SqlRow, column: string): string {
  return String(row[column])
}

/** A column as a field that may be absent. */
export function optional(row: SqlRow, column: string): string | undefined {
  const value = row[column]
  return typeof value === 'string' ? value : undefined
}

/** A column with a number, as a field that may be absent. */
export function optionalCount(row: SqlRow, column: string): number | undefined {
  return row[column] === null || row[column] === undefined ? undefined : Number(row[column])
}

/** `($1, $2), ($3, $4)`: places for `rows` rows of `columns` values, from place `first` on. */
export function places(rows: number, columns: number, first: number = 1): string {
  let at = first - 1
  const row = (): string => `(${Array.from({ length: columns }, () => `$${++at}`).join(', ')})`
  return Array.from({ length: rows }, row).join(', ')
}
