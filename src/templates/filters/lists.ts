import { itemAt, member, pathOf, pathParts } from '../lookup.ts'
import { tests } from '../tests.ts'
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

/** `select` and `reject`: the items that a test says yes or no to. */
const choosing = (wanted: boolean): Filter =>
  filter(
    (run, value, [name, arg]) => {
      const test = testNamed(run, name ?? 'truthy')
      return listInput(run, value).filter((item) => test(run, item, arg) === wanted)
    },
    'test',
    'argument',
  )

/** `selectattr` and `rejectattr`: the same by a field of each item. */
const choosingByField = (wanted: boolean): Filter =>
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
  return test ?? run.fail('the filter names a test that is not known')
}

/** Filters on lists and dicts. */
export const listFilters: FilterTable = {
  batch: filter(batch, 'linecount', 'fill_with'),
  count: filter(lengthOf),
  first: filter(first),
  groupby: filter(groupby, 'attribute'),
  items: filter(pairs),
  join: filter(join, 'd', 'attribute'),
  last: filter((run, value) => endOf(run, value, (count) => count - 1)),
  length: filter(lengthOf),
  list: filter(list),
  reject: choosing(false),
  rejectattr: choosingByField(false),
  reverse: filter(reverse),
  select: choosing(true),
  selectattr: choosingByField(true),
  slice: filter(slice, 'slices', 'fill_with'),
}
