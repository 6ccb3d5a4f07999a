import type { SqlValue } from './executor.ts'

/** Builds a `where` clause and collects its values. */
export interface Condition {
  /** Adds a condition with one value. Calls `sql` with the number of its placeholder. */
  add(sql: (place: number) => string, value: SqlValue): void
  /** Adds a condition unless the value is `undefined`. */
  addIf(sql: (place: number) => string, value: SqlValue | undefined): void
  /** Adds a condition without a value. */
  addSql(sql: string): void
  /** Adds a value, and returns the number of its placeholder. */
  value(value: SqlValue): number
  readonly values: readonly SqlValue[]
  /** `where a and b`. */
  readonly sql: string
}

/** Creates an empty clause, which matches every row. */
export function createCondition(): Condition {
  const parts: string[] = []
  const values: SqlValue[] = []
  const value = (one: SqlValue): number => values.push(one)
  const add: Condition['add'] = (sql, one) => void parts.push(sql(value(one)))
  return {
    add,
    addIf: (sql, one) => {
      if (one !== undefined) add(sql, one)
    },
    addSql: (sql) => void parts.push(sql),
    value,
    values,
    get sql() {
      return parts.length === 0 ? '' : `where ${parts.join(' and ')}`
    },
  }
}
