import type { Issue } from './error.ts'
import { isFull, pathTo } from './issues.ts'
import { isObject, isPlainObject, isRecord } from './json.ts'
import { either, isMissing, problem, unknownName } from './problem.ts'
import { typeName } from './show-value.ts'

export { problem, unknownName } from './problem.ts'

/** Where a value is, and where its issues go. */
export interface Place {
  /** Dotted path of the value. */
  readonly path: string
  readonly issues: Issue[]
}

/** The checked shape of one value. Made by the functions of this file; costs nothing until the first check. */
export interface Field {
  /** What a value has to be, as a noun: `a list`. */
  readonly expected: string
  /** Whether a value is right as it is. False: `read` decides. */
  readonly fits: (value: unknown) => boolean
  /** Returns a value as the shape says it, or adds its issues. Stops once the issues are full. */
  readonly read: (value: unknown, place: Place) => unknown
  /** The bounds of a field made by {@link number}. */
  readonly rule?: NumberRule | undefined
  /** Set by {@link required}. */
  readonly isRequired?: boolean | undefined
  /** Set by {@link withDefault}. */
  readonly hasDefault?: boolean | undefined
}
/** A field that must be there. */
export interface RequiredField extends Field {
  readonly isRequired: true
}
/** Fields by name. */
export type FieldTable = Readonly<Record<string, Field>>
/** An object with known fields. */
export interface Group extends Field {
  readonly fields: () => FieldTable
  readonly requiredNames: () => readonly string[]
  /** The shape of the objects under all other names. Absent: other names are unknown. */
  readonly rest?: Group | undefined
}

/** Checks one value at `path`. Returns it, with defaults filled in; adds one issue per problem to `issues`. */
export function checkField(field: Field, value: unknown, path: string, issues: Issue[]): unknown {
  if (field.fits(value)) return value
  const found: Issue[] = []
  const result = field.read(value, { path, issues: found })
  if (found.length === 0) return result
  // A misspelt name comes before the one that is missing because of it.
  const sorted = found.toSorted((a, b) => Number(isMissing(a)) - Number(isMissing(b)))
  return addAll({ path, issues }, sorted)
}

/** A value for which `fits` is true. `expected` names it in messages: `a list of ids`. */
export function kind(expected: string, fits: (value: unknown) => boolean): Field {
  return {
    expected,
    fits,
    read: (value, place) => (fits(value) ? value : report(place, problem(expected, value))),
  }
}

/** The same for values that no message may repeat, such as keys: only the type of a wrong value is named. */
export function secretKind(expected: string, fits: (value: unknown) => boolean): Field {
  return {
    expected,
    fits,
    read: (value, place) => (fits(value) ? value : report(place, problem(expected, value, typeName(value)))),
  }
}

/** Any text. */
export const text: Field = kind('text', (value) => typeof value === 'string')
/** Text of at least one character. */
export const nonEmptyText: Field = kind(
  'text of at least one character',
  (value) => typeof value === 'string' && value !== '',
)
/** `true` or `false`. */
export const flag: Field = kind('true or false', (value) => typeof value === 'boolean')
/** A function. */
export const callable: Field = kind('a function', (value) => typeof value === 'function')
/** Any object that is no list. */
export const anyObject: Field = kind('an object', isObject)
/** Anything but a function, `undefined` and a number that is not finite. */
export const json: Field = kind(
  'a JSON value',
  (value) =>
    value !== undefined &&
    typeof value !== 'function' &&
    (typeof value !== 'number' || Number.isFinite(value)),
)

/** Text that matches `pattern`. `expected` says in words what that means. */
export function matching(pattern: RegExp, expected: string): Field {
  return kind(expected, (value) => typeof value === 'string' && pattern.test(value))
}

/** Bounds of a number. */
export interface NumberRule {
  readonly whole?: boolean | undefined
  /** Smallest value. */
  readonly min?: number | undefined
  /** Bound that the value must exceed. */
  readonly above?: number | undefined
  /** Largest value. */
  readonly max?: number | undefined
}

/** A finite number within bounds; a whole one within the safe integers. */
export function number({
  whole = false,
  min = -Infinity,
  above = -Infinity,
  max = Infinity,
}: NumberRule = {}): Field {
  const fits = (value: unknown): boolean =>
    (whole ? Number.isSafeInteger(value) : Number.isFinite(value)) &&
    (value as number) >= min &&
    (value as number) > above &&
    (value as number) <= max
  const field = kind(`a ${whole ? 'whole ' : ''}number${rangeOf({ min, above, max })}`, fits)
  return { ...field, rule: { whole, min, above, max } }
}

function rangeOf({ min, above, max }: Required<Omit<NumberRule, 'whole'>>): string {
  const upTo = max === Infinity ? '' : ` up to ${max}`
  if (above !== -Infinity) return ` above ${above}${upTo}`
  if (min === -Infinity) return upTo
  return max === Infinity ? ` of ${min} or more` : ` from ${min} to ${max}`
}

/** A whole number of 0 or more. */
export const count: Field = number({ whole: true, min: 0 })
/** A whole number of 1 or more. */
export const positiveCount: Field = number({ whole: true, min: 1 })
/** A duration in milliseconds: 0 or more, also `Infinity`. */
export const milliseconds: Field = kind(
  'a number of milliseconds of 0 or more, or Infinity',
  (value) => typeof value === 'number' && value >= 0,
)
/** A duration in milliseconds above 0, also `Infinity`. */
export const positiveMilliseconds: Field = kind(
  'a number of milliseconds above 0, or Infinity',
  (value) => milliseconds.fits(value) && value !== 0,
)

/** A number field that may also be `Infinity`: for bounds that can be turned off. */
export function orInfinity(one: Field): Field {
  return kind(`${one.expected}, or Infinity`, (value) => value === Infinity || one.fits(value))
}

/** One of some texts. */
export function oneOf(...words: readonly [string, ...string[]]): Field {
  return kind(either(words.map((word) => JSON.stringify(word))), (value) => words.includes(value as string))
}

/** An object, or a function, with these methods. */
export function withMethods(...methods: readonly string[]): Field {
  const fits = (value: unknown): boolean =>
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function')
  return kind(`an object with ${methods.map((method) => `${method}()`).join(', ')}`, fits)
}

/** A list, of at least `min` items. */
export function listOf(item: Field, { min = 0 }: { readonly min?: number } = {}): Field {
  const expected = min === 0 ? 'a list' : `a list of at least ${min}`
  const isLong = (value: unknown): value is unknown[] => Array.isArray(value) && value.length >= min
  return {
    expected,
    fits: (value) => isLong(value) && value.every(item.fits),
    read: (value, place) => {
      if (!isLong(value)) return report(place, problem(expected, value))
      const read: unknown[] = []
      for (let at = 0; at < value.length && !isFull(place.issues); at++)
        read.push(readPart(item, value[at], at, place))
      return read
    },
  }
}

/** An object whose names are free and whose values are of one shape; `undefined` values are refused. */
export function recordOf(value: Field): Field {
  return {
    expected: 'an object',
    // Reading leaves an own `__proto__`, which JSON may carry, out.
    fits: (record) =>
      isPlainObject(record) && !Object.hasOwn(record, '__proto__') && Object.values(record).every(value.fits),
    read: (record, place) => {
      if (!isRecord(record)) return report(place, problem('an object', record))
      const read: Values = {}
      for (const [name, one] of Object.entries(record)) {
        if (isFull(place.issues)) break
        if (name !== '__proto__') read[name] = readPart(value, one, name, place)
      }
      return read
    },
  }
}

/** A value of any of some shapes. The issues are those of the shape that fits furthest. */
export function anyOf(...fields: readonly [Field, ...Field[]]): Field {
  const expected = either(fields.map((one) => one.expected))
  return {
    expected,
    fits: (value) => fields.some((one) => one.fits(value)),
    read: (value, place) => {
      let best: Issue[] = []
      for (const one of fields) {
        const issues: Issue[] = []
        const result = one.read(value, { path: place.path, issues })
        if (issues.length === 0) return result
        if (isBetter(issues, best, place.path)) best = issues
      }
      if (best.length === 0) return report(place, problem(expected, value))
      return addAll(place, best)
    },
  }
}

// Of two shapes, the one that was read further says most, and of equals the one with fewer issues.
function isBetter(issues: readonly Issue[], best: readonly Issue[], path: string): boolean {
  const depth = depthBelow(path, issues)
  const least = depthBelow(path, best)
  return depth > least || (depth === least && depth > 0 && issues.length < best.length)
}

function depthBelow(path: string, issues: readonly Issue[]): number {
  const own = levels(path)
  return issues.reduce((depth, issue) => Math.max(depth, levels(issue.path) - own), 0)
}

function levels(path: string): number {
  return path === '' ? 0 : path.split('.').length
}

/** An object with these fields and no others; an unknown name is an issue with the nearest known one. */
export function group(fields: () => FieldTable): Group {
  return groupOf(fields, (value, { name, table, place }) => {
    if (value !== undefined) report(placeOf(place, name), unknownName(name, Object.keys(table)))
    return value
  })
}

/** An object with these fields, and objects of the shape `rest` under names that the caller chooses. */
export function openGroup(fields: () => FieldTable, rest: Group): Group {
  const readOther: ReadOther = (value, { name, table, place }) => {
    if (value === undefined || rest.fits(value)) return value
    const inner: Place = { path: placeOf(place, name).path, issues: [] }
    const read = rest.read(value, inner)
    if (inner.issues.length === 0) return read
    if (depthBelow(inner.path, inner.issues) > 0) return addAll(place, inner.issues)
    return report(placeOf(place, name), unknownName(name, Object.keys(table)))
  }
  return groupOf(fields, readOther, rest)
}

/** An object of which these fields are kept and all others are left out. A `null` in an optional field is kept for the caller to remove. */
export function looseGroup(fields: () => FieldTable): Group {
  return groupOf(fields, undefined, undefined, true)
}

/** Reads the value under a name that is not a field. */
type ReadOther = (
  value: unknown,
  other: { readonly name: string; readonly table: FieldTable; readonly place: Place },
) => unknown

function groupOf(fields: () => FieldTable, readOther?: ReadOther, rest?: Group, keepsNull = false): Group {
  const table = once(fields)
  const requiredNames = once(() => namesOf(table(), 'isRequired'))
  const needed = once(() => [...requiredNames(), ...namesOf(table(), 'hasDefault')])
  const fits = (value: unknown): boolean =>
    isPlainObject(value) && fitsGroup(value, { table: table(), needed: needed(), rest })
  const read = (value: unknown, place: Place): unknown => {
    if (!isObject(value)) return report(place, problem('an object', value))
    const found = readFields(table(), value, place, keepsNull)
    // Inherited names count, too.
    for (const name in readOther === undefined ? {} : value) {
      if (isFull(place.issues)) break
      if (!Object.hasOwn(table(), name) && name !== '__proto__')
        found[name] = readOther?.(value[name], { name, table: table(), place })
    }
    return found
  }
  return { expected: 'an object', fits, read, fields: table, requiredNames, rest }
}

type Values = Record<string, unknown>

function readFields(table: FieldTable, value: Values, place: Place, keepsNull: boolean): Values {
  const read: Values = {}
  for (const [name, field] of Object.entries(table)) {
    const given = value[name]
    const isOptional = field.isRequired !== true && field.hasDefault !== true
    if (keepsNull && given === null && isOptional && !field.fits(null)) read[name] = null
    else if (given !== undefined || !isOptional) read[name] = readPart(field, given, name, place)
    else if (name in value) read[name] = given
  }
  return read
}

/** An object of one of several shapes, told apart by the text in its field `key`. Fields that its shape lacks are left out. */
export function variants(key: string, makeShapes: () => readonly Group[]): Field {
  const shapes = once(makeShapes)
  const shapeOf = (value: unknown): Group | undefined =>
    isObject(value) ? shapes().find((shape) => shape.fields()[key]?.fits(value[key]) === true) : undefined
  const wordsOf = (): string => either(shapes().map((shape) => shape.fields()[key]?.expected ?? ''))
  const fits = (value: unknown): boolean => shapeOf(value)?.fits(value) === true
  const read = (value: unknown, place: Place): unknown => {
    if (!isObject(value)) return report(place, problem('an object', value))
    const shape = shapeOf(value)
    return shape === undefined
      ? report(placeOf(place, key), problem(wordsOf(), value[key]))
      : shape.read(value, place)
  }
  return { expected: 'an object', fits, read }
}

/** A field that must be there. */
export function required(one: Field): RequiredField {
  return { ...one, isRequired: true }
}

/** A field that may also be `null`. */
export function nullable(one: Field): Field {
  const { expected, fits, read } = one
  return {
    expected,
    fits: (value) => value === null || fits(value),
    read: (value, place) => (value === null ? null : read(value, place)),
  }
}

/** A field of a {@link looseGroup} that is `value` if it is absent. */
export function withDefault(one: Field, value: unknown): Field {
  const { expected, fits, read } = one
  return {
    expected,
    fits,
    read: (given, place) => (given === undefined ? structuredClone(value) : read(given, place)),
    hasDefault: true,
  }
}

/** Reads the part `name` of a value. */
function readPart(field: Field, value: unknown, name: string | number, place: Place): unknown {
  return field.fits(value) ? value : field.read(value, placeOf(place, name))
}

function placeOf({ path, issues }: Place, name: string | number): Place {
  return { path: pathTo(path, name), issues }
}

function report({ path, issues }: Place, message: string): undefined {
  if (!isFull(issues)) issues.push({ path, message })
  return undefined
}

function addAll({ issues }: Place, found: readonly Issue[]): undefined {
  for (const issue of found) if (!isFull(issues)) issues.push(issue)
  return undefined
}

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

function namesOf(table: FieldTable, mark: 'isRequired' | 'hasDefault'): string[] {
  return Object.keys(table).filter((name) => table[name]?.[mark] === true)
}

interface GroupShape {
  readonly table: FieldTable
  readonly needed: readonly string[]
  readonly rest: Group | undefined
}

function fitsGroup(value: Record<string, unknown>, { table, needed, rest }: GroupShape): boolean {
  for (const name of Object.keys(value)) {
    const given = value[name]
    const field = Object.hasOwn(table, name) ? table[name] : rest
    if (given !== undefined && field?.fits(given) !== true) return false
  }
  return needed.every((name) => value[name] !== undefined)
}
