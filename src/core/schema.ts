import * as z from 'zod/mini'
import type { Issue } from './error.ts'
import { isObject } from './json.ts'
import { nearestName } from './nearest-name.ts'
import { showValue, typeName } from './show-value.ts'
import { issuesOf } from './zod-issues.ts'

type Schema = z.ZodMiniType

/** The checked shape of one value. Made by the functions of this file; costs nothing until the first check. */
export interface Field {
  /** What a value has to be, as a noun: `a list`. */
  readonly expected: string
  /** Whether a value is right as it is. False: ask the schema, which may also change the value. */
  readonly fits: (value: unknown) => boolean
  /** The schema, made at the first use. */
  readonly schema: () => Schema
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
  const result = field.schema().safeParse(value)
  if (result.success) return result.data
  // A misspelt name comes before the one that is missing because of it.
  const found = result.error.issues.flatMap((issue) => issuesOf(issue, path))
  issues.push(...found.toSorted((a, b) => Number(isMissing(a)) - Number(isMissing(b))))
  return undefined
}

/** A value for which `fits` is true. `expected` names it in messages: `a list of ids`. */
export function kind(expected: string, fits: (value: unknown) => boolean): Field {
  return makeField(expected, fits, () => custom(expected, fits))
}

/** The same for values that no message may repeat, such as keys: only the type of a wrong value is named. */
export function secretKind(expected: string, fits: (value: unknown) => boolean): Field {
  const error = ({ input }: { input?: unknown }): string => problem(expected, input, typeName(input))
  return makeField(expected, fits, () => z.custom(fits, { error }))
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
  return makeField(
    expected,
    (value) => isLong(value) && value.every(item.fits),
    () =>
      custom(expected, isLong).check((list) => {
        list.value = (list.value as unknown[]).map((one, at) =>
          readPart(item, one, { path: [at], issues: list.issues }),
        )
      }),
  )
}

/** An object whose names are free and whose values are of one shape; `undefined` values are refused. */
export function recordOf(value: Field): Field {
  return makeField(
    'an object',
    // The schema leaves an own `__proto__`, which JSON may carry, out.
    (record) =>
      isPlainObject(record) && !Object.hasOwn(record, '__proto__') && Object.values(record).every(value.fits),
    () =>
      custom('an object', isRecord).check((record) => {
        const entries = Object.entries(record.value as object).filter(([name]) => name !== '__proto__')
        record.value = Object.fromEntries(
          entries.map(([name, one]) => [name, readPart(value, one, { path: [name], issues: record.issues })]),
        )
      }),
  )
}

/** A value of any of some shapes. The issues are those of the shape that fits furthest. */
export function anyOf(...fields: readonly [Field, ...Field[]]): Field {
  const expected = either(fields.map((one) => one.expected))
  return makeField(
    expected,
    (value) => fields.some((one) => one.fits(value)),
    () =>
      z.union(
        fields.map((one) => one.schema()),
        { error: ({ input }) => problem(expected, input) },
      ),
  )
}

/** An object with these fields and no others; an unknown name is an issue with the nearest known one. */
export function group(fields: () => FieldTable): Group {
  return groupOf(fields, ({ value, issues, table, name }) => {
    if (value !== undefined) addIssue(issues, [name], unknownName(name, Object.keys(table)))
    return value
  })
}

/** An object with these fields, and objects of the shape `rest` under names that the caller chooses. */
export function openGroup(fields: () => FieldTable, rest: Group): Group {
  const readOther: ReadOther = ({ value, issues, table, name }) => {
    const error = (): string => unknownName(name, Object.keys(table))
    const schema = (): Schema => z.union([rest.schema(), z.custom(() => false)], { error })
    return value === undefined ? value : readPart({ schema }, value, { path: [name], issues })
  }
  return groupOf(fields, readOther, rest)
}

/** An object of which these fields are kept and all others are left out. A `null` in an optional field is kept for the caller to remove. */
export function looseGroup(fields: () => FieldTable): Group {
  return groupOf(fields, undefined, undefined, true)
}

type Issues = z.core.$ZodRawIssue[]

/** Where the issues of a part go, and its path in the value that is checked. */
interface Place {
  readonly path: readonly PropertyKey[]
  readonly issues: Issues
}

/** Checks the value under a name that is not a field. */
type ReadOther = (other: { value: unknown; issues: Issues; table: FieldTable; name: string }) => unknown

function groupOf(fields: () => FieldTable, readOther?: ReadOther, rest?: Group, keepsNull = false): Group {
  const table = once(fields)
  const requiredNames = once(() => namesOf(table(), 'isRequired'))
  const needed = once(() => [...requiredNames(), ...namesOf(table(), 'hasDefault')])
  const fits = (value: unknown): boolean =>
    isPlainObject(value) && fitsGroup(value, { table: table(), needed: needed(), rest })
  const make = (): Schema =>
    custom('an object', isObject).check((object) => {
      const { issues } = object
      const given = object.value as Record<string, unknown>
      const read = readFields(table(), given, { path: [], issues }, keepsNull)
      // Inherited names count, too.
      for (const name in readOther === undefined ? {} : given) {
        if (!Object.hasOwn(table(), name) && name !== '__proto__')
          read[name] = readOther?.({ value: given[name], issues, table: table(), name })
      }
      object.value = read
    })
  return { ...makeField('an object', fits, make), fields: table, requiredNames, rest }
}

type Values = Record<string, unknown>

function readFields(table: FieldTable, value: Values, { issues }: Place, keepsNull: boolean): Values {
  const read: Values = {}
  for (const [name, field] of Object.entries(table)) {
    const given = value[name]
    const isOptional = field.isRequired !== true && field.hasDefault !== true
    if (keepsNull && given === null && isOptional && !field.fits(null)) read[name] = null
    else if (given !== undefined || !isOptional) read[name] = readPart(field, given, { path: [name], issues })
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
  return makeField('an object', fits, () =>
    custom('an object', isObject).check((variant) => {
      const { issues } = variant
      const given = variant.value as Record<string, unknown>
      const shape = shapeOf(given)
      if (shape !== undefined) variant.value = readPart(shape, given, { path: [], issues })
      else addIssue(issues, [key], problem(wordsOf(), given[key]))
    }),
  )
}

/** A field that must be there. */
export function required(one: Field): RequiredField {
  return { ...one, isRequired: true }
}

/** A field that may also be `null`. */
export function nullable(one: Field): Field {
  const { expected, fits } = one
  return makeField(
    expected,
    (value) => value === null || fits(value),
    () =>
      custom(expected, () => true).check((nullish) => {
        if (nullish.value !== null)
          nullish.value = readPart(one, nullish.value, { path: [], issues: nullish.issues })
      }),
  )
}

/** A field of a {@link looseGroup} that is `value` if it is absent. */
export function withDefault(one: Field, value: unknown): Field {
  const made = makeField(one.expected, one.fits, () =>
    custom(one.expected, () => true).check((part) => {
      part.value =
        part.value === undefined
          ? structuredClone(value)
          : readPart(one, part.value, { path: [], issues: part.issues })
    }),
  )
  return { ...made, hasDefault: true }
}

/** The message about a name that is not among `known`. */
export function unknownName(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known)
  const names = nearest === undefined || known.length <= 12 ? `; known: ${known.join(', ')}` : ''
  return `is not an option${nearest === undefined ? '' : `; did you mean "${nearest}"?`}${names}`
}

/** The message about a value that is not as expected. */
export function problem(expected: string, value: unknown, shown: string = showValue(value)): string {
  return value === undefined ? `${MISSING} ${expected}` : `must be ${expected}; got ${shown}`
}

function custom(expected: string, fits: (value: unknown) => boolean): z.ZodMiniCustom {
  return z.custom(fits, { error: ({ input }) => problem(expected, input) })
}

/** Checks a part of a value. Returns it, with defaults filled in; adds its issues, below `path`, to `issues`. */
function readPart(field: Pick<Field, 'schema'>, value: unknown, { path, issues }: Place): unknown {
  const result = field.schema().safeParse(value)
  if (result.success) return result.data
  for (const issue of result.error.issues)
    issues.push({ ...issue, path: [...path, ...issue.path] } as z.core.$ZodRawIssue)
  return undefined
}

function addIssue(issues: Issues, path: PropertyKey[], message: string): void {
  issues.push({ code: 'custom', path, message, input: undefined })
}

function makeField(expected: string, fits: (value: unknown) => boolean, make: () => Schema): Field {
  return { expected, fits, schema: once(make) }
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

// Fields that an object inherits would pass unseen.
function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (!isObject(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

// Also one of another realm, and one that inherits: its own names count.
function isRecord(value: unknown): boolean {
  if (!isObject(value)) return false
  const made = value['constructor']
  return typeof made !== 'function' || Object.hasOwn((made.prototype ?? {}) as object, 'isPrototypeOf')
}

function either(words: readonly string[]): string {
  const all = [...new Set(words)]
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} or ${String(all.at(-1))}`
}

const MISSING = 'is missing; must be'
const isMissing = ({ message }: Issue): boolean => message.startsWith(MISSING)
