import { keyOf } from './text.ts'
import { Dict, isList, type Run, type Value } from './value.ts'

const INDEX = /^(?:0|[1-9]\d{0,9})$/

/** Returns the field `key` of a value: a field of a dict, an item or the `length` of a list or text, else undefined. */
export function member(run: Run, target: Value, key: Value): Value {
  if (target instanceof Dict)
    return target[typeof key === 'string' && key.length < 64 ? key : keyOf(run, key)]
  if (typeof target !== 'string' && !isList(target)) return undefined
  if (typeof key === 'number') return itemAt(run, target, key)
  return named(run, target, keyOf(run, key))
}

/** Like {@link member}, for a name that is written in the template. */
export function memberNamed(run: Run, target: Value, name: string): Value {
  if (target instanceof Dict) return target[name]
  return typeof target === 'string' || isList(target) ? named(run, target, name) : undefined
}

/** Returns the item of a list or the character of a text at `index`. */
export function itemAt(run: Run, target: string | readonly Value[], index: number): Value {
  if (!(index >= 0 && index < target.length) || !Number.isInteger(index)) return undefined
  if (typeof target === 'string') run.chargeRead(target)
  return target[index]
}

/** Follows a path of fields. */
export function pathOf(run: Run, target: Value, path: readonly Value[]): Value {
  let at = target
  for (const key of path) {
    run.spend(1)
    at = member(run, at, key)
  }
  return at
}

/** Splits the `attribute` argument of a filter into fields. Dots in a text separate fields. */
export function pathParts(run: Run, attribute: Value): readonly Value[] {
  if (typeof attribute !== 'string')
    return attribute === undefined || attribute === null || attribute === false || attribute === 0
      ? []
      : [attribute]
  return attribute === '' ? [] : keyOf(run, attribute).split('.')
}

function named(run: Run, target: string | readonly Value[], key: string): Value {
  if (key === 'length') return target.length
  return INDEX.test(key) ? itemAt(run, target, Number(key)) : undefined
}
