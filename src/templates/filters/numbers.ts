import { add } from '../operators.ts'
import { member } from '../lookup.ts'
import { numberOf, textOf } from '../text.ts'
import type { List, Run, Value } from '../value.ts'
import { filter, type FilterTable, listOnly } from './filter.ts'

function round(run: Run, value: Value, [precision, method]: List): number {
  const factor = 10 ** (precision ? numberOf(run, precision) : 0)
  const scaled = numberOf(run, value) * factor
  if (method === 'ceil') return Math.ceil(scaled) / factor
  if (method === 'floor') return Math.floor(scaled) / factor
  return Math.round(scaled) / factor
}

function int(run: Run, value: Value, [otherwise, base]: List): Value {
  const number = Number.parseInt(
    run.chargeInput(textOf(run, value)),
    base === undefined ? 10 : numberOf(run, base),
  )
  return Number.isNaN(number) ? otherwise : number
}

function float(run: Run, value: Value, [otherwise]: List): Value {
  const number = Number.parseFloat(run.chargeInput(textOf(run, value)))
  return Number.isNaN(number) ? otherwise : number
}

function sum(run: Run, value: Value, [attribute, start]: List): Value {
  let total: Value = 0
  for (const item of listOnly(run, value, 'sum')) {
    run.spend(1)
    total = add(run, total, attribute ? member(run, item, attribute) : item)
  }
  return add(run, start === undefined ? 0 : start, total)
}

/** Filters on numbers. */
export const numberFilters: FilterTable = {
  abs: filter((run, value) => Math.abs(numberOf(run, value))),
  float: filter(float, 'default'),
  int: filter(int, 'default', 'base'),
  round: filter(round, 'precision', 'method'),
  sum: filter(sum, 'attribute', 'start'),
}
