import {
  type CursorKey,
  type Page,
  pageOf,
  pageWindow,
  type PageQuery,
} from '../../conversations/storage/index.ts'
import type { Condition } from './condition.ts'
import { count, type SqlRow } from './executor.ts'
import type { SqlStep } from './run.ts'

/** A paged select, and how to convert its rows. */
export interface PageSelect<T> {
  /** Name of the list, stored in its cursors. */
  readonly list: string
  readonly columns: string
  /** `from a join b on …`. */
  readonly from: string
  readonly where: Condition
  /** Columns to sort by. Their values must be unique together, and `key` returns them for an item. */
  readonly sortBy: readonly string[]
  readonly direction: 'asc' | 'desc'
  readonly key: (item: T) => CursorKey
  readonly read: (row: SqlRow) => T
}

/** Reads one page, and counts the whole list first if the query asks for it. */
export async function selectPage<T>(
  { session }: SqlStep,
  query: PageQuery,
  { list, columns, from, where, sortBy, direction, key, read }: PageSelect<T>,
): Promise<Page<T>> {
  const window = pageWindow(query, list)
  let total: number | undefined
  if (window.withTotal) {
    const [counted] = await session.query(`select count(*) as n ${from} ${where.sql}`, where.values)
    total = count(counted, 'n')
  }
  const { after } = window
  if (after !== undefined) {
    const cursor = sortBy.map((_, at) => `$${where.value(after[at] ?? null)}`)
    where.addSql(`(${sortBy.join(', ')}) ${direction === 'asc' ? '>' : '<'} (${cursor.join(', ')})`)
  }
  const order = sortBy.map((column) => `${column} ${direction}`).join(', ')
  const paged = `order by ${order} limit ${window.limit + 1} offset ${window.offset}`
  const rows = await session.query(`select ${columns} ${from} ${where.sql} ${paged}`, where.values)
  return pageOf(rows.map(read), window, { list, key, total })
}
