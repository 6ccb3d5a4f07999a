import type { SqlValue } from './executor.ts'

/** A `where` under construction: conditions, and the values for their places. */
export interface Condition {
  /** Adds a condition that takes one value; `sql` is told its place. */
  add(sql: (place: number) => string, value: SqlValue): void
  /** Adds one only where the value is there. */
  addIf(sql: (place: number) => string, value: SqlValue | undefined): void
  /** Adds one that takes no value. */
  say(sql: string): void
  /** Notes a value, and gives its place. */
  value(value: SqlValue): number
  readonly values: readonly SqlValue[]
  /** `where a and b`. */
  readonly sql: string
}

/** A condition that holds for everything. */
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
    say: (sql) => void parts.push(sql),
    value,
    values,
    get sql() {
      return parts.length === 0 ? '' : `where ${parts.join(' and ')}`
    },
  }
}
