import { createSearcher } from './search.ts'
import { keyOf, numberOf, textOf } from './text.ts'
import type { Equality, Operator, Relation } from './tree.ts'
import { Dict, isList, Macro, type Run, type Value } from './value.ts'

/** A binary operator with the semantics of JavaScript, except that no method of an object is ever called. */
export type Operate = (run: Run, left: Value, right: Value) => Value

const isObject = (value: Value): boolean => typeof value === 'object' && value !== null

export function add(run: Run, left: Value, right: Value): Value {
  if (typeof left === 'number' && typeof right === 'number') return left + right
  const texts = typeof left === 'string' || typeof right === 'string' || isObject(left) || isObject(right)
  return texts ? concat(run, left, right) : numberOf(run, left) + numberOf(run, right)
}

export function concat(run: Run, left: Value, right: Value): string {
  return run.checked(textOf(run, left) + textOf(run, right))
}

export function isEqual(run: Run, left: Value, right: Value): boolean {
  if (typeof left !== 'string' || typeof right !== 'string') return left === right
  if (left.length !== right.length) return false
  run.chargeRead(left)
  run.chargeRead(right)
  return left === right
}

/** Compares like `==` of JavaScript. */
export function isLike(run: Run, left: Value, right: Value): boolean {
  if (typeof left === typeof right && (left === null) === (right === null)) return isEqual(run, left, right)
  if (left === undefined || left === null || right === undefined || right === null)
    return (left ?? undefined) === (right ?? undefined)
  if (typeof left === 'object') return typeof right !== 'object' && isLikeObject(run, left, right)
  if (typeof right === 'object') return isLikeObject(run, right, left)
  return numberOf(run, left) === numberOf(run, right)
}

// Lists and dicts compare by their text; a macro equals only itself.
function isLikeObject(run: Run, object: Value, other: Value): boolean {
  const compares = isList(object) || object instanceof Dict
  return compares && isLike(run, textOf(run, object), other)
}

/** Returns -1, 0 or 1, or `undefined` if the values have no order, because one side is NaN. */
export function compare(run: Run, left: Value, right: Value): number | undefined {
  if (typeof left === 'number' && typeof right === 'number') return orderOf(left, right)
  const [a, b] = [comparable(run, left), comparable(run, right)]
  if (typeof a !== 'string' || typeof b !== 'string') return orderOf(numberOf(run, a), numberOf(run, b))
  run.chargeRead(a)
  run.chargeRead(b)
  return orderOf(a, b)
}

function comparable(run: Run, value: Value): Value {
  return isObject(value) ? textOf(run, value) : value
}

/** Compares two primitives of one type. */
function orderOf<T extends string | number>(left: T, right: T): number | undefined {
  if (left < right) return -1
  if (left > right) return 1
  return left === right ? 0 : undefined
}

/** The operator `in`: whether a list has the item, a text the part, or a dict the field. False for undefined and none. */
export function contains(run: Run, needle: Value, where: Value): boolean {
  if (typeof where === 'string') {
    run.chargeRead(where)
    return createSearcher(run, textOf(run, needle))(where, 0) >= 0
  }
  if (isList(where)) {
    run.spend(where.length)
    return where.some((item) => isEqual(run, needle, item))
  }
  if (where instanceof Dict) return keyOf(run, needle) in where
  return where === undefined || where === null
    ? false
    : run.fail('`in` needs a text, list or dict on its right side')
}

const arithmetic =
  (operate: (left: number, right: number) => number): Operate =>
  (run, left, right) =>
    operate(numberOf(run, left), numberOf(run, right))

const relation =
  (holds: (order: number) => boolean): Test =>
  (run, left, right) => {
    const order = compare(run, left, right)
    return order !== undefined && holds(order)
  }

const relations: Readonly<Record<Relation, Operate>> = {
  '<': relation((order) => order < 0),
  '>': relation((order) => order > 0),
  '<=': relation((order) => order <= 0),
  '>=': relation((order) => order >= 0),
}

const equalities: Readonly<Record<Equality, Operate>> = {
  '==': isLike,
  '===': isEqual,
  '!=': (run, left, right) => !isLike(run, left, right),
  '!==': (run, left, right) => !isEqual(run, left, right),
}

/** The binary operators by symbol. */
export const operators: Readonly<Record<Operator, Operate>> = {
  ...relations,
  ...equalities,
  '+': add,
  '~': concat,
  '-': arithmetic((left, right) => left - right),
  '*': arithmetic((left, right) => left * right),
  '/': arithmetic((left, right) => left / right),
  '%': arithmetic((left, right) => left % right),
}

export const power: Operate = arithmetic((left, right) => left ** right)

/** A test of a value, used after `is` and in `select`. `arg` is its argument. */
export type Test = (run: Run, value: Value, arg: Value) => boolean

const cased =
  (change: (text: string) => string): Test =>
  (run, value) =>
    typeof value === 'string' && change(run.chargeInput(value)) === value

const isDifferent: Test = (run, value, arg) => !isEqual(run, value, arg)
const isNone: Test = (_run, value) => value === null

/** The tests by name. */
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
  ['ge', relation((order) => order >= 0)],
  ['greaterthan', relation((order) => order > 0)],
  ['gt', relation((order) => order > 0)],
  ['in', contains],
  ['integer', (_run, value) => Number.isInteger(value)],
  ['iterable', (_run, value) => typeof value === 'string' || isList(value)],
  ['le', relation((order) => order <= 0)],
  ['lessthan', relation((order) => order < 0)],
  ['lower', cased((text) => text.toLowerCase())],
  ['lt', relation((order) => order < 0)],
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
