import { LlmError } from '../../core/error.ts'
import { parseJson } from '../../core/json.ts'

/** Which part of a list to give. */
export interface PageQuery {
  /** From 1 to 200. Default 50. */
  readonly limit?: number | undefined
  /** Goes on behind the page that gave this `nextCursor`, whatever has been added since. */
  readonly cursor?: string | undefined
  /** Leaves out so many first; with `cursor`, an error. Shifts when something is added before it. */
  readonly offset?: number | undefined
  /** Counts the whole list too, which costs more the longer it is. Default false. */
  readonly withTotal?: boolean | undefined
}

/** A part of a list. */
export interface Page<T> {
  readonly items: readonly T[]
  /** Present where there is more. */
  readonly nextCursor?: string | undefined
  /** Length of the whole list; present when asked for. */
  readonly total?: number | undefined
}

/** A list by numbered pages, as a table in a user interface shows it. */
export interface PageMeta {
  readonly total: number
  /** From 1. */
  readonly page: number
  readonly limit: number
  readonly totalPages: number
}

/** A place in a sorted list: the sort key of the last item seen. */
export type CursorKey = readonly (string | number)[]

/** A `PageQuery` that was checked. */
export interface PageWindow {
  readonly limit: number
  readonly offset: number
  readonly after?: CursorKey | undefined
  readonly withTotal: boolean
}

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 200

/** Page `page` (from 1) of pages of `limit` items, as a query that counts the whole list. */
export function numberedPage(page: number, limit: number = DEFAULT_LIMIT): PageQuery {
  if (!Number.isSafeInteger(page) || page < 1) refuse('page', 'takes a whole number from 1')
  return { limit, offset: (page - 1) * limit, withTotal: true }
}

/** What to tell of a numbered page beside its items. */
export function pageMeta(page: number, limit: number, total: number): PageMeta {
  return { total, page, limit, totalPages: Math.ceil(total / limit) }
}

/** Checks a query. `list` names the list, so that a cursor of another list is refused. */
export function pageWindow(query: PageQuery, list: string): PageWindow {
  const { limit = DEFAULT_LIMIT, offset = 0, cursor, withTotal = false } = query
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    refuse('limit', `takes a whole number from 1 to ${MAX_LIMIT}`)
  if (!Number.isSafeInteger(offset) || offset < 0) refuse('offset', 'takes a whole number from 0')
  if (cursor !== undefined && offset > 0) refuse('offset', 'cannot be given together with cursor')
  return { limit, offset, withTotal, after: cursor === undefined ? undefined : readCursor(cursor, list) }
}

/**
 * Makes a page of the items found from its start on: ask the backend for one more than `limit`, and the surplus item
 * tells that there is more.
 */
export function pageOf<T>(
  found: readonly T[],
  window: PageWindow,
  by: { readonly list: string; readonly key: (item: T) => CursorKey; readonly total?: number | undefined },
): Page<T> {
  const items = found.slice(0, window.limit)
  const last = items.at(-1)
  const more = found.length > window.limit && last !== undefined
  return {
    items,
    ...(more ? { nextCursor: writeCursor(by.key(last), by.list) } : {}),
    ...(by.total === undefined ? {} : { total: by.total }),
  }
}

function writeCursor(key: CursorKey, list: string): string {
  return Buffer.from(JSON.stringify([list, ...key])).toString('base64url')
}

function readCursor(cursor: string, list: string): CursorKey {
  const read = parseJson(Buffer.from(cursor, 'base64url').toString())
  const parts: readonly unknown[] = Array.isArray(read) ? read : []
  const [name, ...key] = parts
  const sound = key.every((part) => typeof part === 'string' || Number.isSafeInteger(part))
  if (name !== list || key.length === 0 || !sound)
    refuse('cursor', 'is not one that this list gave; start again without it')
  return key as CursorKey
}

function refuse(path: string, problem: string): never {
  throw new LlmError('invalid-request', `the query is not valid: ${path} ${problem}`, {
    issues: [{ path, message: problem }],
  })
}
