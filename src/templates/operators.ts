import { createSearcher } from './search.ts'
import { keyOf, numberOf, textOf } from './text.ts'
import type { Equality, Operator, Relation } from './tree.ts'
import { Dict, isList, type Run, type Value } from './value.ts'

/** An operator between two values: what JavaScript does, without ever converting an object by its own methods. */
export type Operate = (run: Run, left: Value, right: Value) => Value

const isObject = (value: Value): boolean => typeof value === 'object' && value !== null

export function add(run: Run, left: Value, right: Value): Value {
  if (typeof left === 'number' && typeof right === 'number') return left + right
  const texts = typeof left === 'string' || typeof right === 'string' || isObject(left) || isObject(right)
  return texts ? concat(run, left, right) : numberOf(run, left) + numberOf(run, right)
}

export function concat(run: Run, left: Value, right: Value): string {
  return run.sized(textOf(run, left) + textOf(run, right))
}

export function isEqual(run: Run, left: Value, right: Value): boolean {
  if (typeof left !== 'string' || typeof right !== 'string') return left === right
  if (left.length !== right.length) return false
  run.read(left)
  run.read(right)
  return left === right
}

/** The loose equality of JavaScript. */
export function isLike(run: Run, left: Value, right: Value): boolean {
  if (typeof left === typeof right && (left === null) === (right === null)) return isEqual(run, left, right)
  if (left === undefined || left === null || right === undefined || right === null)
    return (left ?? undefined) === (right ?? undefined)
  if (typeof left === 'object') return typeof right !== 'object' && isLikeObject(run, left, right)
  if (typeof right === 'object') return isLikeObject(run, right, left)
  return numberOf(run, left) === numberOf(run, right)
}

// An object is compared by its text; a macro is like nothing but itself.
function isLikeObject(run: Run, object: Value, other: Value): boolean {
  const compares = isList(object) || object instanceof Dict
  return compares && isLike(run, textOf(run, object), other)
}

/** -1, 0 or 1; undefined where one side is not a number and so neither is smaller. */
export function compare(run: Run, left: Value, right: Value): number | undefined {
  if (typeof left === 'number' && typeof right === 'number') return orderOf(left, right)
  const [a, b] = [comparable(run, left), comparable(run, right)]
  if (typeof a !== 'string' || typeof b !== 'string') return orderOf(numberOf(run, a), numberOf(run, b))
  run.read(a)
  run.read(b)
  return orderOf(a, b)
}

function comparable(run: Run, value: Value): Value {
  return isObject(value) ? textOf(run, value) : value
}

/** The order of two primitives of one type. */
function orderOf<T extends string | number>(left: T, right: T): number | undefined {
  if (left < right) return -1
  if (left > right) return 1
  return left === right ? 0 : undefined
}

/** What `in` says: an item of a list, a part of a text, a field of a dict. Nothing is in undefined or none. */
export function contains(run: Run, needle: Value, where: Value): boolean {
  if (typeof where === 'string') {
    run.read(where)
    return createSearcher(run, textOf(run, needle))(where, 0) >= 0
  }
  if (isList(where)) {
    run.spend(where.length)
    return where.some((item) => isEqual(run, needle, item))
  }
  if (where instanceof Dict) return keyOf(run, needle) in where
  return where === undefined || where === null
    ? false
    : run.fail('`in` needs a text, a list or a dict on its right')
}

const arithmetic =
  (operate: (left: number, right: number) => number): Operate =>
  (run, left, right) =>
    operate(numberOf(run, left), numberOf(run, right))

const relation =
  (holds: (order: number) => boolean): Operate =>
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

/** Every operator that stands between two values. */
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
