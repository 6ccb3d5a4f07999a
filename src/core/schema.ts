import * as z from 'zod/mini'
import type { Issue } from './error.ts'
import { isObject } from './json.ts'
import { nearestName } from './nearest-name.ts'
import { scrubSecrets } from './secret.ts'

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

// Longest piece of a wrong value that a message repeats, in characters.
const MAX_SHOWN = 40
/** Longest delay of a timer, in milliseconds. Node fires one with a longer delay at once. */
export const MAX_TIMER_MS = 2_147_483_647

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
  return makeField(expected, fits, () => z.custom(fits, { error: ({ input }) => problem(expected, input) }))
}

/** The same for values that no message may repeat, such as keys: only the type of a wrong value is named. */
export function secretKind(expected: string, fits: (value: unknown) => boolean): Field {
  const error = ({ input }: { input?: unknown }): string => problem(expected, input, typeName(input))
  return makeField(expected, fits, () => z.custom(fits, { error }))
}

/** Any text. */
export const text: Field = makeField(
  'text',
  (value) => typeof value === 'string',
  () => z.string({ error: ({ input }) => problem('text', input) }),
)
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
/** Anything but a function and `undefined`. */
export const json: Field = kind('a JSON value', (value) => value !== undefined && typeof value !== 'function')

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
/** A delay in milliseconds, from 0 to the largest one that a timer takes (2 147 483 647). */
export const milliseconds: Field = kind(
  `a number of milliseconds from 0 to ${MAX_TIMER_MS}`,
  (value) => Number.isFinite(value) && (value as number) >= 0 && (value as number) <= MAX_TIMER_MS,
)

/** A number field that may also be `Infinity`: for bounds that can be turned off. */
export function orInfinity(one: Field): Field {
  return kind(`${one.expected}, or Infinity`, (value) => value === Infinity || one.fits(value))
}

/** One of some texts. */
export function oneOf(...words: readonly [string, ...string[]]): Field {
  const expected = either(words.map((word) => JSON.stringify(word)))
  return makeField(
    expected,
    (value) => words.includes(value as string),
    () => z.enum(words, { error: ({ input }) => problem(expected, input) }),
  )
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
  const error = ({ input }: { input?: unknown }): string => problem(expected, input)
  return makeField(
    expected,
    (value) => Array.isArray(value) && value.length >= min && value.every(item.fits),
    () => z.array(item.schema(), { error }).check(z.minLength(min, { error })),
  )
}

/** An object whose names are free and whose values are of one shape; `undefined` values are refused. */
export function recordOf(value: Field): Field {
  return makeField(
    'an object',
    // The schema leaves an own `__proto__`, which JSON may carry, out.
    (record) =>
      isPlainObject(record) && !Object.hasOwn(record, '__proto__') && Object.values(record).every(value.fits),
    () => z.record(z.string(), value.schema(), { error: ({ input }) => problem('an object', input) }),
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
  const table = once(fields)
  const unknown = (): Schema =>
    z.custom((value) => value === undefined, {
      error: ({ path = [] }) => unknownName(String(path.at(-1)), Object.keys(table())),
    })
  return groupOf(table, () => z.catchall(objectSchema(table()), unknown()))
}

/** An object with these fields, and objects of the shape `rest` under names that the caller chooses. */
export function openGroup(fields: () => FieldTable, rest: Group): Group {
  const table = once(fields)
  const restOrUnknown = (): Schema =>
    z.optional(
      z.union([rest.schema(), z.never()], {
        error: ({ path = [] }) => unknownName(String(path.at(-1)), Object.keys(table())),
      }),
    )
  return groupOf(table, () => z.catchall(objectSchema(table()), restOrUnknown()), rest)
}

/** An object of which these fields are kept and all others are left out. A `null` in an optional field is kept for the caller to remove. */
export function looseGroup(fields: () => FieldTable): Group {
  const table = once(fields)
  return groupOf(table, () => objectSchema(table(), nullAsAbsent))
}

function nullAsAbsent(schema: Schema): Schema {
  return z.nullable(z.optional(schema))
}

function groupOf(table: () => FieldTable, make: () => Schema, rest?: Group): Group {
  const requiredNames = once(() => namesOf(table(), 'isRequired'))
  const needed = once(() => [...requiredNames(), ...namesOf(table(), 'hasDefault')])
  const fits = (value: unknown): boolean =>
    isPlainObject(value) && fitsGroup(value, { table: table(), needed: needed(), rest })
  return { ...makeField('an object', fits, make), fields: table, requiredNames, rest }
}

/** An object of one of several shapes, told apart by the text in its field `key`. Fields that its shape lacks are left out. */
export function variants(key: string, makeShapes: () => readonly Group[]): Field {
  const shapes = once(makeShapes)
  const wordsOf = (): string => either(shapes().map((shape) => shape.fields()[key]?.expected ?? ''))
  const error = ({ input }: { input?: unknown }): string =>
    isObject(input) ? problem(wordsOf(), input[key]) : problem('an object', input)
  type Option = z.core.$ZodTypeDiscriminable
  const fits = (value: unknown): boolean => shapes().some((shape) => shape.fits(value))
  return makeField('an object', fits, () =>
    z.discriminatedUnion(key, shapes().map((shape) => shape.schema()) as unknown as [Option, ...Option[]], {
      error,
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
    () => z.nullable(one.schema()),
  )
}

/** A field of a {@link looseGroup} that is `value` if it is absent. */
export function withDefault(one: Field, value: unknown): Field {
  const made = makeField(one.expected, one.fits, () => z._default(one.schema(), value))
  return { ...made, hasDefault: true }
}

/** The message about a name that is not among `known`. */
export function unknownName(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known)
  const names = nearest === undefined || known.length <= 12 ? `; known: ${known.join(', ')}` : ''
  return `is not an option${nearest === undefined ? '' : `; did you mean "${nearest}"?`}${names}`
}

/** The message about a value that is not as expected. */
export function problem(expected: string, value: unknown, shown: string = show(value)): string {
  return value === undefined ? `${MISSING} ${expected}` : `must be ${expected}; got ${shown}`
}

function makeField(expected: string, fits: (value: unknown) => boolean, make: () => Schema): Field {
  return { expected, fits, schema: once(make) }
}

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

function objectSchema(
  table: FieldTable,
  optional: (schema: Schema) => Schema = (schema) => z.optional(schema),
): z.ZodMiniObject {
  const shape: Record<string, Schema> = {}
  for (const [name, one] of Object.entries(table)) {
    const schema = one.schema()
    if (one.isRequired === true) shape[name] = schema
    else shape[name] = one.hasDefault === true || one.fits(null) ? z.optional(schema) : optional(schema)
  }
  return z.object(shape, { error: ({ input }) => problem('an object', input) })
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

function either(words: readonly string[]): string {
  const all = [...new Set(words)]
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} or ${String(all.at(-1))}`
}

function show(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value !== 'string') return value === null || isScalar(value) ? String(value) : typeName(value)
  const clean = scrubSecrets(value)
  return JSON.stringify(clean.length > MAX_SHOWN ? `${clean.slice(0, MAX_SHOWN)}…` : clean)
}

function isScalar(value: unknown): boolean {
  return value === undefined || typeof value === 'number' || typeof value === 'boolean'
}

function typeName(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return value === '' ? 'empty text' : 'text'
  if (Array.isArray(value)) return 'a list'
  if (typeof value !== 'object') return `a ${typeof value}`
  const { name } = (value.constructor ?? Object) as { name?: unknown }
  return typeof name === 'string' && name !== 'Object' && name !== '' ? `a ${name}` : 'an object'
}

const MISSING = 'is missing; must be'

function isMissing({ message }: Issue): boolean {
  return message.startsWith(MISSING)
}

type ZodIssue = z.core.$ZodIssue

function issuesOf(issue: ZodIssue, lead: string): Issue[] {
  const path = join(lead, issue.path)
  // Of a union, the branch that came furthest says most, and of several the one with the fewest issues.
  const branches = issue.code === 'invalid_union' ? issue.errors.filter((errors) => errors.length > 0) : []
  const best = branches.toSorted((a, b) => depthOf(b) - depthOf(a) || a.length - b.length)[0]
  if (best === undefined || depthOf(best) === 0) return [{ path, message: issue.message }]
  return best.flatMap((inner) => issuesOf(inner, path))
}

function join(lead: string, path: readonly PropertyKey[]): string {
  return [...(lead === '' ? [] : [lead]), ...path.map(String)].join('.')
}

function depthOf(issues: readonly ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length))
}
