import { compare, contains, isEqual } from './operators.ts'
import { numberOf } from './text.ts'
import { Dict, isList, Macro, type Run, type Value } from './value.ts'

/** A question about a value, after `is` or in `select`; `arg` is what stands in its brackets. */
export type Test = (run: Run, value: Value, arg: Value) => boolean

const ordered =
  (holds: (order: number) => boolean): Test =>
  (run, value, arg) => {
    const order = compare(run, value, arg)
    return order !== undefined && holds(order)
  }

const cased =
  (change: (text: string) => string): Test =>
  (run, value) =>
    typeof value === 'string' && change(run.input(value)) === value

const isDifferent: Test = (run, value, arg) => !isEqual(run, value, arg)
const isNone: Test = (_run, value) => value === null

/** Every test by its name. */
export const tests: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['boolean', (_run, value) => typeof value === 'boolean'],
  ['callable', (_run, value) => value instanceof Macro],
  ['defined', (_run, value) => value !== undefined],
  ['divisibleby', (run, value, arg) => numberOf(run, value) % numberOf(run, arg) === 0],
  ['eq', isEqual],
  ['equalto', isEqual],
  ['escaped', () => false],
  ['even', (run, value) => numberOf(run, value) % 2 === 0],
  ['false', (_run, value) => value === false],
  ['falsy', (_run, value) => !value],
  ['float', (_run, value) => typeof value === 'number' && !Number.isInteger(value)],
  ['ge', ordered((order) => order >= 0)],
  ['greaterthan', ordered((order) => order > 0)],
  ['gt', ordered((order) => order > 0)],
  ['in', contains],
  ['integer', (_run, value) => Number.isInteger(value)],
  ['iterable', (_run, value) => typeof value === 'string' || isList(value)],
  ['le', ordered((order) => order <= 0)],
  ['lessthan', ordered((order) => order < 0)],
  ['lower', cased((text) => text.toLowerCase())],
  ['lt', ordered((order) => order < 0)],
  ['mapping', (_run, value) => value instanceof Dict],
  ['ne', isDifferent],
  ['none', isNone],
  ['null', isNone],
  ['number', (_run, value) => typeof value === 'number'],
  ['odd', (run, value) => numberOf(run, value) % 2 === 1],
  ['sameas', isEqual],
  ['sequence', (_run, value) => typeof value === 'string' || isList(value)],
  ['string', (_run, value) => typeof value === 'string'],
  ['true', (_run, value) => value === true],
  ['truthy', (_run, value) => Boolean(value)],
  ['undefined', (_run, value) => value === undefined],
  ['upper', cased((text) => text.toUpperCase())],
])
