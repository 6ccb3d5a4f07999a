import { isObject, type JsonDraft, type JsonValue } from './json.ts'
import { typeName } from './show-value.ts'

const TYPES: ReadonlyMap<string, readonly [string, (value: JsonValue) => boolean]> = new Map([
  ['null', ['null', (value) => value === null]],
  ['boolean', ['true or false', (value) => typeof value === 'boolean']],
  ['string', ['text', (value) => typeof value === 'string']],
  ['number', ['a number', (value) => typeof value === 'number']],
  ['integer', ['a whole number', (value) => typeof value === 'number' && Number.isInteger(value)]],
  ['array', ['a list', (value) => Array.isArray(value)]],
  ['object', ['an object', isObject]],
])

/** What is wrong with a value by `type`, `enum` and `const`; `undefined` if nothing is. Repeats nothing of the value. */
export function checkType(schema: JsonDraft, value: JsonValue): string | undefined {
  const { type, enum: values, const: only, nullable } = schema
  if (value === null && nullable === true) return undefined
  const problem = isOfType(type, value) ? undefined : typeProblem(type, value)
  if (problem !== undefined) return problem
  if (Array.isArray(values) && !values.some((one: JsonValue) => isEqual(one, value)))
    return `takes one of ${values.map((one: JsonValue) => JSON.stringify(one)).join(', ')}`
  if (only !== undefined && !isEqual(only, value)) return `takes ${JSON.stringify(only)} only`
  return undefined
}

// The usual case: one type, which fits.
function isOfType(type: JsonValue | undefined, value: JsonValue): boolean {
  return type === undefined || (typeof type === 'string' && TYPES.get(type)?.[1](value) === true)
}

function typeProblem(type: JsonValue | undefined, value: JsonValue): string | undefined {
  const kinds = [type].flat().flatMap((name) => (typeof name === 'string' ? (TYPES.get(name) ?? []) : []))
  const names = kinds.filter((kind) => typeof kind === 'string')
  const fits = kinds.filter((kind) => typeof kind === 'function')
  if (fits.length > 0 && !fits.some((fit) => fit(value)))
    return `takes ${names.join(' or ')}, not ${typeName(value)}`
  return undefined
}

/** What is wrong with a text by length and pattern. */
export function checkText({ minLength, maxLength, pattern }: JsonDraft, value: string): string[] {
  const problems: string[] = []
  const length = minLength === undefined && maxLength === undefined ? 0 : Array.from(value).length
  if (typeof minLength === 'number' && length < minLength)
    problems.push(`takes at least ${minLength} characters`)
  if (typeof maxLength === 'number' && length > maxLength)
    problems.push(`takes at most ${maxLength} characters`)
  if (typeof pattern === 'string' && expression(pattern)?.test(value) === false)
    problems.push(`takes text that matches ${pattern}`)
  return problems
}

/** What is wrong with a number by its bounds. Draft 4 has exclusive bounds as flags. */
export function checkNumber(schema: JsonDraft, value: number): string[] {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema
  const problems: string[] = []
  const above = exclusiveMinimum === true ? minimum : exclusiveMinimum
  const below = exclusiveMaximum === true ? maximum : exclusiveMaximum
  if (typeof above === 'number' && value <= above) problems.push(`takes a number above ${above}`)
  else if (typeof minimum === 'number' && value < minimum) problems.push(`takes a number from ${minimum}`)
  if (typeof below === 'number' && value >= below) problems.push(`takes a number below ${below}`)
  else if (typeof maximum === 'number' && value > maximum) problems.push(`takes a number up to ${maximum}`)
  if (typeof multipleOf === 'number' && multipleOf > 0) {
    const times = value / multipleOf
    // 0.3 / 0.1 is not 3.
    if (Math.abs(times - Math.round(times)) > 1e-9 * Math.max(1, Math.abs(times)))
      problems.push(`takes a multiple of ${multipleOf}`)
  }
  return problems
}

/** Whether two JSON values are equal, whatever the order of their properties. */
export function isEqual(one: JsonValue | undefined, other: JsonValue | undefined): boolean {
  if (Array.isArray(one) && Array.isArray(other))
    return (
      one.length === other.length && one.every((item: JsonValue, at) => isEqual(item, other[at] as JsonValue))
    )
  if (!isObject(one) || !isObject(other)) return one === other
  const names = Object.keys(one)
  return (
    names.length === Object.keys(other).length &&
    names.every(
      (name) => Object.hasOwn(other, name) && isEqual(one[name] as JsonValue, other[name] as JsonValue),
    )
  )
}

function expression(pattern: string): RegExp | undefined {
  for (const flags of ['u', ''])
    try {
      return new RegExp(pattern, flags)
    } catch {
      // Patterns of JSON Schema need not be those of JavaScript.
    }
  return undefined
}
