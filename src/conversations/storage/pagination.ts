import { argument, checkArguments } from '../../core/check-arguments.ts'
import { LlmError } from '../../core/error.ts'
import { parseJson } from '../../core/json.ts'

/** Selects a page of a list. */
export interface PageQuery {
  /** Maximum number of items, from 1 to 200. Default 50. */
  readonly limit?: number | undefined
  /** `nextCursor` of the previous page. Items that were added since then do not shift the page. */
  readonly cursor?: string | undefined
  /** Number of items to skip; not allowed with `cursor`. Items that are added shift the page. */
  readonly offset?: number | undefined
  /** Also counts the whole list, which costs more the longer it is. Default false. */
  readonly withTotal?: boolean | undefined
}

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[]
  /** Cursor of the next page; absent on the last page. */
  readonly nextCursor?: string | undefined
  /** Length of the whole list; present with `withTotal`. */
  readonly total?: number | undefined
}

/** Page numbers and totals, for a table in a user interface. */
export interface PageMeta {
  readonly total: number
  /** From 1. */
  readonly page: number
  readonly limit: number
  readonly totalPages: number
}

/** Position in a sorted list: the sort key of the last item of a page. */
export type CursorKey = readonly (string | number)[]

/** A validated `PageQuery` with defaults filled in. */
export interface PageWindow {
  readonly limit: number
  readonly offset: number
  readonly after?: CursorKey | undefined
  readonly withTotal: boolean
}

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 200

/** The query of page `page`, counted from 1, with `limit` items a page and the total. */
export function numberedPage(page: number, limit: number = DEFAULT_LIMIT): PageQuery {
  checkArguments('numberedPage', { page: argument.number, limit: argument.number }, { page, limit })
  if (!Number.isSafeInteger(page) || page < 1) refuse('page', 'takes a whole number from 1')
  return { limit, offset: (page - 1) * limit, withTotal: true }
}

/** Page number and totals of a page of `limit` items. */
export function pageMeta(page: number, limit: number, total: number): PageMeta {
  checkArguments(
    'pageMeta',
    { page: argument.number, limit: argument.number, total: argument.number },
    { page, limit, total },
  )
  return { total, page, limit, totalPages: Math.ceil(total / limit) }
}

/** Validates a query. Throws `invalid-request` if a field is invalid or the cursor is not from `list`. */
export function pageWindow(query: PageQuery, list: string): PageWindow {
  checkArguments('pageWindow', { query: argument.object, list: argument.text }, { query, list })
  const { limit = DEFAULT_LIMIT, offset = 0, cursor, withTotal = false } = query
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    refuse('limit', `takes a whole number from 1 to ${MAX_LIMIT}`)
  if (!Number.isSafeInteger(offset) || offset < 0) refuse('offset', 'takes a whole number from 0')
  if (cursor !== undefined && offset > 0) refuse('offset', 'cannot be combined with cursor')
  return { limit, offset, withTotal, after: cursor === undefined ? undefined : readCursor(cursor, list) }
}

/**
 * The page of the items in `found`. Pass one item more than `limit` if the backend has it, because the extra item shows that
 * another page follows.
 */
export function pageOf<T>(
  found: readonly T[],
  window: PageWindow,
  by: { readonly list: string; readonly key: (item: T) => CursorKey; readonly total?: number | undefined },
): Page<T> {
  checkArguments(
    'pageOf',
    { found: argument.list, window: argument.object, by: argument.object },
    { found, window, by },
  )
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
  const valid = key.every((part) => typeof part === 'string' || Number.isSafeInteger(part))
  if (name !== list || key.length === 0 || !valid)
    refuse('cursor', 'does not belong to this list; start again without a cursor')
  return key as CursorKey
}

function refuse(path: string, problem: string): never {
  throw new LlmError('invalid-request', `invalid query: ${path} ${problem}`, {
    issues: [{ path, message: problem }],
  })
}
