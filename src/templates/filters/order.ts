import { pathOf, pathParts } from '../lookup.ts'
import { compare } from '../operators.ts'
import { Dict, type List, type Run, type Value } from '../value.ts'
import { entriesOf, filter, type FilterTable, listInput } from './filter.ts'

interface Ranked {
  readonly item: Value
  readonly key: Value
}

function sort(run: Run, value: Value, [descends, caseSensitive, attribute]: List): List {
  const path = pathParts(run, attribute)
  const items = listInput(run, value)
  const ranked: Ranked[] = items
    .filter((item) => item !== undefined)
    .map((item) => ({ item, key: keyFor(run, pathOf(run, item, path), caseSensitive ? asIs : lowered) }))
  const sign = descends ? -1 : 1
  ranked.sort((a, b) => sign * (order(run, a.key, b.key) ?? 0))
  // Undefined items stay at the end, in either direction.
  const rest = items.filter((item) => item === undefined)
  return [...ranked.map(({ item }) => item), ...rest]
}

function dictsort(run: Run, value: Value, [caseSensitive, by]: List): List {
  if (value === undefined || value === null) return []
  if (!(value instanceof Dict)) return run.fail('the filter `dictsort` needs a dict')
  if (by !== undefined && by !== 'key' && by !== 'value')
    return run.fail('the filter `dictsort` sorts by "key" or by "value"')
  const change = caseSensitive ? asIs : raised
  const ranked: Ranked[] = entriesOf(run, value).map((entry) => ({
    item: entry,
    key: keyFor(run, entry[by === 'value' ? 1 : 0], change),
  }))
  ranked.sort((a, b) => (order(run, a.key, b.key) === 1 ? 1 : a.key === b.key ? 0 : -1))
  return ranked.map(({ item }) => item)
}

const asIs = (text: string): string => text
const lowered = (text: string): string => text.toLowerCase()
const raised = (text: string): string => text.toUpperCase()

// Texts are read and changed once, not in each comparison.
function keyFor(run: Run, key: Value, change: (text: string) => string): Value {
  return typeof key === 'string' ? change(run.input(key)) : key
}

function order(run: Run, left: Value, right: Value): number | undefined {
  run.spend(1)
  if (typeof left !== 'string' || typeof right !== 'string') return compare(run, left, right)
  if (left === right) return 0
  const shorter = Math.min(left.length, right.length)
  run.charge(shorter)
  return left < right ? -1 : 1
}

/** Filters that sort. */
export const orderFilters: FilterTable = {
  dictsort: filter(dictsort, 'case_sensitive', 'by'),
  sort: filter(sort, 'reverse', 'case_sensitive', 'attribute'),
}
