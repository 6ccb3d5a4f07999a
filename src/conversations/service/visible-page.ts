import type { Page, PageQuery } from '../storage/index.ts'

/** How a list is read and which of its items the caller may see. */
export interface VisibleList<Item> {
  readonly query: PageQuery
  readonly fetch: (query: PageQuery) => Promise<Page<Item>>
  readonly visible: (items: readonly Item[]) => Promise<readonly Item[]>
}

const DEFAULT_PAGE = 50
const WALK_PAGE = 100
const MOST_WALKED = 10_000
const MOST_ROUNDS = 50

/**
 * A page of the items that the caller may see. Its length, offset and total count no other item. Totals stop at 10 000,
 * because each item is checked.
 */
export async function visiblePage<Item>(list: VisibleList<Item>): Promise<Page<Item>> {
  const { offset, withTotal = false } = list.query
  return offset === undefined && !withTotal ? nextVisible(list) : walked(list)
}

async function nextVisible<Item>({ query, fetch, visible }: VisibleList<Item>): Promise<Page<Item>> {
  const { limit = DEFAULT_PAGE } = query
  const items: Item[] = []
  let { cursor } = query
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const page = await fetch({ limit: limit - items.length, cursor })
    items.push(...(await visible(page.items)))
    cursor = page.nextCursor
    if (cursor === undefined || items.length >= limit) break
  }
  return { items, ...(cursor !== undefined && { nextCursor: cursor }) }
}

async function walked<Item>({ query, fetch, visible }: VisibleList<Item>): Promise<Page<Item>> {
  const { limit = DEFAULT_PAGE, offset = 0, withTotal = false } = query
  const seen: Item[] = []
  let cursor: string | undefined
  do {
    const page = await fetch({ limit: WALK_PAGE, cursor })
    seen.push(...(await visible(page.items)))
    cursor = page.nextCursor
  } while (cursor !== undefined && seen.length < MOST_WALKED)
  return { items: seen.slice(offset, offset + limit), ...(withTotal && { total: seen.length }) }
}
