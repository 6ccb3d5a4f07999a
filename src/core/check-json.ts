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
  const checked = check.visit(schema, value, { name: '', depth: 0 })
  return { value: checked, issues: check.issues }
}

/** The place of a value in the whole, and how many schemas deep it is. */
interface Place {
  readonly above?: Place | undefined
  readonly name: string
  readonly depth: number
}

/** How many items or fields a value takes, as its schema says. */
interface SizeBounds {
  readonly least: JsonValue | undefined
  readonly most: JsonValue | undefined
  readonly what: 'items' | 'fields'
}

class Check {
  readonly issues: Issue[] = []
  readonly #root: JsonDraft
  constructor(root: JsonDraft) {
    this.#root = root
  }

  /** Returns the value with defaults. Adds what does not fit to `issues`. */
  visit(schema: JsonValue | undefined, value: JsonValue, place: Place): JsonValue {
    if (schema === false) this.#fail(place, 'is not allowed')
    if (!isObject(schema) || place.depth > MAX_DEPTH || this.issues.length >= MAX_ISSUES) return value
    const inner = { above: place.above, name: place.name, depth: place.depth + 1 }
    const before = this.issues.length
    const problem = checkType(schema, value)
    if (problem !== undefined) this.#fail(place, problem)
    if (this.issues.length > before) return value
    const whole = this.#reference(schema, value, inner)
    const checked = Array.isArray(whole)
      ? this.#list(schema, whole as readonly JsonValue[], inner)
      : isObject(whole)
        ? this.#object(schema, whole, inner)
        : this.#scalar(schema, whole, inner)
    return isComposed(schema) ? this.#composed(schema, checked, inner) : checked
  }

  #fail(place: Place, message: string): void {
    if (this.issues.length < MAX_ISSUES) this.issues.push({ path: pathOf(place), message })
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

  #list(schema: JsonDraft, list: readonly JsonValue[], place: Place): JsonValue {
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
    let checked: JsonValue[] | undefined
    for (const [index, item] of list.entries()) {
      const value = this.visit(index < first.length ? first[index] : rest, item, at(place, String(index)))
      if (value !== item) (checked ??= [...list])[index] = value
    }
    return checked ?? list
  }

  #object(schema: JsonDraft, object: JsonObject, place: Place): JsonValue {
    this.#checkNames(schema, object, place)
    const { properties: known, patternProperties, additionalProperties: other } = schema
    const properties = isObject(known) ? known : {}
    const fields = new Fields(object)
    for (const name of Object.keys(properties)) {
      const given = fields.get(name) ?? this.#defaultOf(properties[name])
      if (given !== undefined) fields.set(name, this.visit(properties[name], given, at(place, name)))
    }
    const patterns = isObject(patternProperties) ? Object.entries(patternProperties) : []
    for (const name of Object.keys(object)) {
      const matching = patterns.filter(([pattern]) => matches(pattern, name))
      for (const [, pattern] of matching) this.#visitField(fields, pattern, at(place, name), name)
      if (matching.length === 0 && other !== undefined && !Object.hasOwn(properties, name))
        this.#visitField(fields, other, at(place, name), name)
    }
    return fields.whole()
  }

  #visitField(fields: Fields, schema: JsonValue | undefined, place: Place, name: string): void {
    fields.set(name, this.visit(schema, fields.get(name) as JsonValue, place))
  }

  #checkNames(schema: JsonDraft, object: JsonObject, place: Place): void {
    const { required, minProperties, maxProperties, propertyNames, dependentRequired } = schema
    const has = (name: string): boolean => Object.hasOwn(object, name)
    for (const name of namesIn(required)) if (!has(name)) this.#fail(at(place, name), 'is missing')
    if (minProperties !== undefined || maxProperties !== undefined) {
      const size = Object.keys(object).length
      this.#size(size, { least: minProperties, most: maxProperties, what: 'fields' }, place)
    }
    for (const [name, needed] of Object.entries(isObject(dependentRequired) ? dependentRequired : {}))
      for (const another of has(name) ? namesIn(needed) : [])
        if (!has(another)) this.#fail(at(place, another), `is missing, but needed with ${name}`)
    if (propertyNames === undefined) return
    for (const name of Object.keys(object))
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
    for (const issue of closest ?? []) this.#fail({ name: issue.path, depth: 0 }, issue.message)
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

/** The fields of an object, which is copied when one of them changes. */
class Fields {
  readonly #object: JsonObject
  #changed: Map<string, JsonValue> | undefined

  constructor(object: JsonObject) {
    this.#object = object
  }

  get(name: string): JsonValue | undefined {
    if (this.#changed !== undefined) return this.#changed.get(name)
    return Object.hasOwn(this.#object, name) ? this.#object[name] : undefined
  }

  set(name: string, value: JsonValue): void {
    if (value === this.get(name)) return
    this.#changed ??= new Map(Object.entries(this.#object) as [string, JsonValue][])
    this.#changed.set(name, value)
  }

  whole(): JsonValue {
    return this.#changed === undefined ? this.#object : Object.fromEntries(this.#changed)
  }
}

const COMPOSED: readonly string[] = ['allOf', 'anyOf', 'oneOf', 'not', 'if']

function isComposed(schema: JsonDraft): boolean {
  return COMPOSED.some((word) => schema[word] !== undefined)
}

// Issues far inside tell of a form that fits so far; of several, fewer are closer.
function rank(issues: readonly Issue[]): number {
  return (
    Math.max(...issues.map(({ path }) => path.split('.').length * (path === '' ? 0 : 1))) -
    issues.length / 100
  )
}

function at(above: Place, name: string): Place {
  return { above, name, depth: above.depth }
}

// Made for issues alone.
function pathOf({ above, name }: Place): string {
  const path = above === undefined ? '' : pathOf(above)
  return path === '' ? name : `${path}.${name}`
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
