import type { Issue } from './error.ts'
import { lookup } from './fit/schema-tree.ts'
import { isObject, type JsonDraft, type JsonObject, type JsonValue } from './json.ts'
import { checkNumber, checkText, checkType } from './check-scalar.ts'

/** A value that was checked by a schema: with the schema's defaults filled in, or what does not fit. */
export interface CheckedJson {
  readonly value: JsonValue
  readonly issues: readonly Issue[]
}

const MAX_ISSUES = 20
// A reference may lead back to itself.
const MAX_DEPTH = 100

/**
 * Checks a value by a JSON Schema and fills in the defaults of absent properties. Words that are not about the form of the
 * value, references into other documents, `format` and the `unevaluated` words are not checked. `root`: the document of the
 * schema. Default: itself.
 */
export function checkJson(schema: JsonObject, value: JsonValue, root: JsonObject = schema): CheckedJson {
  const check = new Check(root)
  const checked = check.visit(schema, value, { path: '', depth: 0 })
  return { value: checked, issues: check.issues }
}

/** The place of a value in the whole, and how many schemas deep it is. */
interface Place {
  readonly path: string
  readonly depth: number
}

/** How many items or fields a value takes, as its schema says. */
interface SizeBounds {
  readonly least: JsonValue | undefined
  readonly most: JsonValue | undefined
  readonly what: 'items' | 'fields'
}

type Word = (schema: JsonDraft, value: JsonValue, place: Place) => JsonValue

class Check {
  readonly issues: Issue[] = []
  readonly #root: JsonDraft
  readonly #words: readonly Word[] = [
    (schema, value, place) => this.#reference(schema, value, place),
    (schema, value, place) => this.#scalar(schema, value, place),
    (schema, value, place) => this.#list(schema, value, place),
    (schema, value, place) => this.#object(schema, value, place),
    (schema, value, place) => this.#composed(schema, value, place),
  ]

  constructor(root: JsonDraft) {
    this.#root = root
  }

  /** Returns the value with defaults. Adds what does not fit to `issues`. */
  visit(schema: JsonValue | undefined, value: JsonValue, place: Place): JsonValue {
    if (schema === false) this.#fail(place, 'is not allowed')
    if (!isObject(schema) || place.depth > MAX_DEPTH || this.issues.length >= MAX_ISSUES) return value
    const inner = { path: place.path, depth: place.depth + 1 }
    const before = this.issues.length
    const problem = checkType(schema, value)
    if (problem !== undefined) this.#fail(place, problem)
    if (this.issues.length > before) return value
    return this.#words.reduce((checked, word) => word(schema, checked, inner), value)
  }

  #fail({ path }: Place, message: string): void {
    if (this.issues.length < MAX_ISSUES) this.issues.push({ path, message })
  }

  #size(size: number, { least, most, what }: SizeBounds, place: Place): void {
    if (typeof least === 'number' && size < least) this.#fail(place, `takes at least ${least} ${what}`)
    if (typeof most === 'number' && size > most) this.#fail(place, `takes at most ${most} ${what}`)
  }

  #reference({ $ref }: JsonDraft, value: JsonValue, place: Place): JsonValue {
    return typeof $ref === 'string' ? this.visit(lookup(this.#root, $ref), value, place) : value
  }

  #scalar(schema: JsonDraft, value: JsonValue, place: Place): JsonValue {
    const problems =
      typeof value === 'string'
        ? checkText(schema, value)
        : typeof value === 'number'
          ? checkNumber(schema, value)
          : []
    for (const problem of problems) this.#fail(place, problem)
    return value
  }

  #list(schema: JsonDraft, value: JsonValue, place: Place): JsonValue {
    if (!Array.isArray(value)) return value
    const list = value as readonly JsonValue[]
    const { minItems, maxItems, uniqueItems, contains, minContains = 1, maxContains = Infinity } = schema
    this.#size(list.length, { least: minItems, most: maxItems, what: 'items' }, place)
    if (uniqueItems === true && new Set(list.map((item) => JSON.stringify(item))).size < list.length)
      this.#fail(place, 'takes items that differ')
    if (contains !== undefined) {
      const found = list.filter((item) => this.#fits(contains, item, place)).length
      if (found < Number(minContains) || found > Number(maxContains))
        this.#fail(place, 'has too few or too many items of the required kind')
    }
    const { prefixItems, items } = schema
    const first = listIn(Array.isArray(prefixItems) ? prefixItems : items)
    const rest = Array.isArray(items) ? schema['additionalItems'] : items
    return list.map((item, index) =>
      this.visit(index < first.length ? first[index] : rest, item, at(place, String(index))),
    )
  }

  #object(schema: JsonDraft, value: JsonValue, place: Place): JsonValue {
    if (!isObject(value)) return value
    const entries = new Map(Object.entries(value) as [string, JsonValue][])
    this.#checkNames(schema, entries, place)
    const properties = isObject(schema['properties']) ? schema['properties'] : {}
    for (const [name, property] of Object.entries(properties)) {
      const given = entries.has(name) ? entries.get(name) : this.#defaultOf(property)
      if (given !== undefined) entries.set(name, this.visit(property, given, at(place, name)))
    }
    const patterns = isObject(schema['patternProperties']) ? Object.entries(schema['patternProperties']) : []
    for (const [name, given] of entries) {
      const matching = patterns.filter(([pattern]) => matches(pattern, name))
      for (const [, pattern] of matching)
        entries.set(name, this.visit(pattern, entries.get(name) ?? given, at(place, name)))
      if (matching.length === 0 && !Object.hasOwn(properties, name))
        entries.set(name, this.visit(schema['additionalProperties'], given, at(place, name)))
    }
    return Object.fromEntries(entries)
  }

  #checkNames(schema: JsonDraft, entries: ReadonlyMap<string, JsonValue>, place: Place): void {
    const { required, minProperties, maxProperties, propertyNames, dependentRequired } = schema
    for (const name of namesIn(required)) if (!entries.has(name)) this.#fail(at(place, name), 'is missing')
    this.#size(entries.size, { least: minProperties, most: maxProperties, what: 'fields' }, place)
    for (const [name, needed] of Object.entries(isObject(dependentRequired) ? dependentRequired : {}))
      for (const other of entries.has(name) ? namesIn(needed) : [])
        if (!entries.has(other)) this.#fail(at(place, other), `is missing, but needed with ${name}`)
    if (propertyNames !== undefined)
      for (const name of entries.keys())
        if (!this.#fits(propertyNames, name, place))
          this.#fail(at(place, name), 'is not a name that is allowed')
  }

  #composed(schema: JsonDraft, given: JsonValue, place: Place): JsonValue {
    const { allOf, anyOf, oneOf, not, if: condition } = schema
    let value = given
    for (const part of listIn(allOf)) value = this.visit(part, value, place)
    if (Array.isArray(anyOf)) value = this.#any(listIn(anyOf), value, place)
    if (Array.isArray(oneOf)) {
      const fitting = listIn(oneOf).filter((part) => this.#fits(part, value, place))
      if (fitting.length > 1) this.#fail(place, 'fits more than one of the allowed forms')
      value = this.#any(listIn(oneOf), value, place)
    }
    if (not !== undefined && this.#fits(not, value, place))
      this.#fail(place, 'has a form that is not allowed')
    if (condition === undefined) return value
    return this.visit(this.#fits(condition, value, place) ? schema['then'] : schema['else'], value, place)
  }

  // Of several forms, the issues are those of the one that the value comes closest to.
  #any(parts: readonly JsonValue[], value: JsonValue, place: Place): JsonValue {
    let closest: readonly Issue[] | undefined
    for (const part of parts) {
      const check = new Check(this.#root)
      const checked = check.visit(part, value, place)
      if (check.issues.length === 0) return checked
      if (closest === undefined || rank(check.issues) > rank(closest)) closest = check.issues
    }
    for (const issue of closest ?? []) this.#fail({ path: issue.path, depth: 0 }, issue.message)
    return value
  }

  #fits(schema: JsonValue, value: JsonValue, place: Place): boolean {
    const check = new Check(this.#root)
    check.visit(schema, value, place)
    return check.issues.length === 0
  }

  #defaultOf(property: JsonValue | undefined): JsonValue | undefined {
    let found = property
    for (let steps = 0; isObject(found) && steps < 20; steps++) {
      const { default: value, $ref }: JsonDraft = found
      if (value !== undefined) return structuredClone(value)
      if (typeof $ref !== 'string') return undefined
      found = lookup(this.#root, $ref)
    }
    return undefined
  }
}

// Issues far inside tell of a form that fits so far; of several, fewer are closer.
function rank(issues: readonly Issue[]): number {
  return (
    Math.max(...issues.map(({ path }) => path.split('.').length * (path === '' ? 0 : 1))) -
    issues.length / 100
  )
}

function at({ path, depth }: Place, name: string): Place {
  return { path: path === '' ? name : `${path}.${name}`, depth }
}

function listIn(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}

function namesIn(value: JsonValue | undefined): readonly string[] {
  return listIn(value).filter((name) => typeof name === 'string')
}

function matches(pattern: string, name: string): boolean {
  return checkText({ pattern }, name).length === 0
}
