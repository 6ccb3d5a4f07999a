import { itemAt, member, pathOf, pathParts } from '../lookup.ts'
import { compare, tests } from '../operators.ts'
import { joinTexts, keyOf, numberOf, outputText } from '../text.ts'
import { Dict, isList, type List, type Run, type Value } from '../value.ts'
import { dictOf, entriesOf, filter, type Filter, type FilterTable, listInput, listOnly } from './filter.ts'

function batch(run: Run, value: Value, [size, filling]: List): List {
  const items = listInput(run, value)
  const width = numberOf(run, size)
  const rows: Value[][] = []
  let row: Value[] = []
  for (const [index, item] of items.entries()) {
    if (index % width === 0 && row.length > 0) {
      rows.push(row)
      row = []
    }
    row.push(item)
  }
  if (row.length === 0) return rows
  return [...rows, filling ? filled(run, row, width, filling) : row]
}

function filled(run: Run, row: List, width: number, filling: Value): List {
  const full = [...row]
  while (full.length < width) {
    run.spend(1)
    full.push(filling)
  }
  return full
}

function slice(run: Run, value: Value, [count, filling]: List): List {
  const items = listOnly(run, value, 'slice')
  const slices = numberOf(run, count)
  const extra = items.length % slices
  const each = Math.floor(items.length / slices)
  const made: Value[] = []
  for (let index = 0, offset = 0; index < slices; index++) {
    run.spend(4)
    const start = offset + index * each
    if (index < extra) offset++
    const row = items.slice(start, offset + (index + 1) * each)
    if (typeof value === 'string') made.push(joinTexts(run, row, ''))
    else made.push(filling && index >= extra ? [...row, filling] : row)
  }
  return made
}

function first(run: Run, value: Value): Value {
  return value instanceof Dict ? member(run, value, 0) : endOf(run, value, () => 0)
}

function endOf(run: Run, value: Value, index: (length: number) => number): Value {
  return isList(value) || typeof value === 'string' ? itemAt(run, value, index(value.length)) : undefined
}

function groupby(run: Run, value: Value, [attribute]: List): Dict {
  const path = pathParts(run, attribute)
  const groups = new Map<string, Value[]>()
  for (const item of listInput(run, value)) {
    const key = keyOf(run, pathOf(run, item, path))
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return dictOf(groups)
}

function join(run: Run, value: Value, [delimiter, attribute]: List): string {
  if (attribute && value instanceof Dict) return ''
  const items = listOnly(run, value, 'join')
  const texts = attribute ? items.map((item) => member(run, item, attribute)) : items
  return joinTexts(run, texts, delimiter ? outputText(run, delimiter) : '')
}

function lengthOf(run: Run, value: Value): Value {
  if (value === undefined || value === null || value === false) return 0
  if (typeof value === 'string' || isList(value)) return value.length
  return value instanceof Dict ? entriesOf(run, value).length : undefined
}

function list(run: Run, value: Value): List {
  if (!(value instanceof Dict)) return listOnly(run, value, 'list')
  return entriesOf(run, value).map(([key, item]) =>
    dictOf([
      ['key', key],
      ['value', item],
    ]),
  )
}

function pairs(run: Run, value: Value): List {
  if (value instanceof Dict) return entriesOf(run, value)
  return value === undefined || value === null ? [] : run.fail('the filter `items` needs a dict')
}

function reverse(run: Run, value: Value): Value {
  const reversed = listInput(run, value).toReversed()
  return typeof value === 'string' ? joinTexts(run, reversed, '') : reversed
}

/** `select` and `reject`: the items that pass or fail a test. */
const selecting = (wanted: boolean): Filter =>
  filter(
    (run, value, [name, arg]) => {
      const test = testNamed(run, name ?? 'truthy')
      return listInput(run, value).filter((item) => test(run, item, arg) === wanted)
    },
    'test',
    'argument',
  )

/** `selectattr` and `rejectattr`: the items whose field passes or fails a test. */
const selectingByAttribute = (wanted: boolean): Filter =>
  filter(
    (run, value, [attribute, name, arg]) => {
      const test = testNamed(run, name ?? 'truthy')
      const path = name === undefined ? [attribute] : pathParts(run, attribute)
      return listInput(run, value).filter((item) => test(run, pathOf(run, item, path), arg) === wanted)
    },
    'attribute',
    'test',
    'argument',
  )

function testNamed(run: Run, name: Value): (run: Run, value: Value, arg: Value) => boolean {
  const test = typeof name === 'string' ? tests.get(name) : undefined
  return test ?? run.fail('the filter was given the name of an unknown test')
}

interface SortItem {
  readonly item: Value
  readonly key: Value
}

function sort(run: Run, value: Value, [descends, caseSensitive, attribute]: List): List {
  const path = pathParts(run, attribute)
  const items = listInput(run, value)
  const sortItems: SortItem[] = items
    .filter((item) => item !== undefined)
    .map((item) => ({ item, key: keyFor(run, pathOf(run, item, path), caseSensitive ? unchanged : toLower) }))
  const sign = descends ? -1 : 1
  sortItems.sort((a, b) => sign * (order(run, a.key, b.key) ?? 0))
  // Undefined items stay at the end in either direction.
  const rest = items.filter((item) => item === undefined)
  return [...sortItems.map(({ item }) => item), ...rest]
}

function dictsort(run: Run, value: Value, [caseSensitive, by]: List): List {
  if (value === undefined || value === null) return []
  if (!(value instanceof Dict)) return run.fail('the filter `dictsort` needs a dict')
  if (by !== undefined && by !== 'key' && by !== 'value')
    return run.fail('the filter `dictsort` sorts by "key" or by "value"')
  const change = caseSensitive ? unchanged : toUpper
  const sortItems: SortItem[] = entriesOf(run, value).map((entry) => ({
    item: entry,
    key: keyFor(run, entry[by === 'value' ? 1 : 0], change),
  }))
  sortItems.sort((a, b) => (order(run, a.key, b.key) === 1 ? 1 : a.key === b.key ? 0 : -1))
  return sortItems.map(({ item }) => item)
}

const unchanged = (text: string): string => text
const toLower = (text: string): string => text.toLowerCase()
const toUpper = (text: string): string => text.toUpperCase()

// Texts are charged and converted once per item instead of in each comparison.
function keyFor(run: Run, key: Value, change: (text: string) => string): Value {
  return typeof key === 'string' ? change(run.chargeInput(key)) : key
}

function order(run: Run, left: Value, right: Value): number | undefined {
  run.spend(1)
  if (typeof left !== 'string' || typeof right !== 'string') return compare(run, left, right)
  if (left === right) return 0
  const shorter = Math.min(left.length, right.length)
  run.charge(shorter)
  return left < right ? -1 : 1
}

/** Filters on lists and dicts. */
export const listFilters: FilterTable = {
  batch: filter(batch, 'linecount', 'fill_with'),
  count: filter(lengthOf),
  dictsort: filter(dictsort, 'case_sensitive', 'by'),
  first: filter(first),
  groupby: filter(groupby, 'attribute'),
  items: filter(pairs),
  join: filter(join, 'd', 'attribute'),
  last: filter((run, value) => endOf(run, value, (count) => count - 1)),
  length: filter(lengthOf),
  list: filter(list),
  reject: selecting(false),
  rejectattr: selectingByAttribute(false),
  reverse: filter(reverse),
  select: selecting(true),
  selectattr: selectingByAttribute(true),
  slice: filter(slice, 'slices', 'fill_with'),
  sort: filter(sort, 'reverse', 'case_sensitive', 'attribute'),
}
