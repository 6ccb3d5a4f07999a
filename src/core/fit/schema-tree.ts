import { isObject, type JsonDraft, type JsonValue } from '../json.ts'
import { itemsOf, linesOf } from './schema-parts.ts'

/** The property that holds a value whose schema is not that of an object. */
export const WRAPPER = 'value'
// A union or an allOf may hold itself.
const MAX_DEPTH = 5

/** The schema at a reference into the same document; `undefined` if there is none. */
export function lookup(root: JsonDraft, ref: string): JsonDraft | undefined {
  let at: unknown = ref === '#' || ref.startsWith('#/') ? root : undefined
  for (const word of ref.split('/').slice(1)) {
    const key = word.replaceAll('~1', '/').replaceAll('~0', '~')
    at = at instanceof Object && Object.hasOwn(at, key) ? (at as JsonDraft)[key] : undefined
  }
  return at === true ? {} : isObject(at) ? (at as JsonDraft) : undefined
}

/** A schema with its reference resolved, and what is beside the reference merged into the target. */
export function resolved(schema: JsonValue | undefined, root: JsonDraft): JsonDraft {
  let at: JsonDraft = isObject(schema) ? schema : {}
  for (let steps = 0; typeof at['$ref'] === 'string' && steps < 20; steps++) {
    const { $ref, ...beside } = at
    const target = lookup(root, $ref)
    if (target === undefined || target === at) break
    at = { ...target, ...beside }
  }
  return at
}

/** The schemas of a union, if the schema is one. */
export function variantsOf({ anyOf, oneOf }: JsonDraft): readonly JsonValue[] | undefined {
  const list = anyOf ?? oneOf
  return Array.isArray(list) && list.length > 0 ? list : undefined
}

/** Whether a schema is that of objects, alone or beside null. */
export function isObjectSchema({ type, properties }: JsonDraft): boolean {
  return type === undefined ? isObject(properties) : type === 'object' || isIn('object', type)
}

/** Whether a value of the schema cannot be an object, so that it is sent inside one. */
export function isWrapped(schema: JsonDraft): boolean {
  const root = resolved(schema, schema)
  const union = variantsOf(root)
  if (root['type'] === undefined && union !== undefined)
    return !union.some(
      (variant) => isObjectSchema(resolved(variant, schema)) || variantsOf(resolved(variant, schema)),
    )
  if (root['type'] !== undefined) return !isObjectSchema(root)
  return ['items', 'prefixItems', 'enum', 'const'].some((key) => root[key] !== undefined)
}

/** Whether `list` is a list that holds `value`. */
export function isIn(value: JsonValue, list: JsonValue | undefined): boolean {
  return itemsOf(list).includes(value)
}

/** Whether two values are the same as JSON. */
export function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** Merges `part` into `base`. Returns the keywords for which both have different values. */
export function merge(base: JsonDraft, part: JsonDraft): JsonDraft {
  const rest: JsonDraft = {}
  for (const [key, value] of Object.entries(part)) {
    const held = base[key]
    if (held === undefined || value === undefined) base[key] = held ?? value
    else if (key === 'properties' && isObject(held) && isObject(value))
      base[key] = joined(held, value, (a, b) => ({ allOf: [a, b] }))
    else if (key === 'required' && Array.isArray(held) && Array.isArray(value))
      base[key] = [...new Set([...itemsOf(held), ...itemsOf(value)])]
    else if (key === 'type' && isIn(value, held)) base[key] = value
    else if (key === 'additionalProperties') base[key] = value === false ? false : held
    else if (key !== 'description' && key !== 'title' && !isSame(held, value)) rest[key] = value
  }
  return rest
}

function joined(a: JsonDraft, b: JsonDraft, join: (a: JsonValue, b: JsonValue) => JsonValue): JsonDraft {
  const all: JsonDraft = { ...a }
  for (const [name, value] of Object.entries(b)) {
    const held = Object.hasOwn(all, name) ? all[name] : undefined
    all[name] = held === undefined || isSame(held, value) ? value : join(held, value ?? {})
  }
  return all
}

/** A schema without `allOf`: its parts are merged, and what contradicts another part is left in `allOf`. */
export function withoutAllOf({ allOf, ...rest }: JsonDraft, root: JsonDraft, depth = 0): JsonDraft {
  if (!Array.isArray(allOf) || depth > MAX_DEPTH) return rest
  const draft: JsonDraft = { ...rest }
  const left: JsonValue[] = []
  if (allOf.length === 1 && isObject(allOf[0]) && typeof allOf[0]['$ref'] === 'string')
    return { ...(allOf[0] as JsonDraft), ...rest }
  for (const part of itemsOf(allOf)) {
    const contrary = merge(draft, withoutAllOf(resolved(part, root), root, depth + 1))
    if (Object.keys(contrary).length > 0) left.push(contrary)
  }
  return left.length === 0 ? draft : { ...draft, allOf: left }
}

/** One object for a union of objects: all properties, required where every variant requires them. */
export function flattened(schema: JsonDraft, root: JsonDraft, depth = 0): JsonDraft {
  const whole = withoutAllOf(schema, root)
  const union = variantsOf(whole)
  if (union === undefined || depth > MAX_DEPTH) return whole
  const shapes = union
    .map((variant) => flattened(resolved(variant, root), root, depth + 1))
    .filter((shape) => isObjectSchema(shape) || shape['required'] !== undefined)
  let properties: JsonDraft = {}
  for (const shape of shapes) properties = joined(properties, propertiesOf(shape), either)
  const [first = [], ...others] = shapes.map(({ required }) => itemsOf(required))
  const required = first.filter((name: JsonValue) => others.every((names) => names.includes(name)))
  const base: JsonDraft = { ...whole, anyOf: undefined, oneOf: undefined, type: 'object' }
  base['properties'] = { ...properties, ...propertiesOf(whole) }
  merge(base, { required })
  if (shapes.every((shape) => shape['additionalProperties'] === false)) base['additionalProperties'] ??= false
  const { description } = whole
  base['description'] = linesOf(description, `One of: ${shapes.map(sketch).join(' or ')}.`)
  return base
}

function propertiesOf({ properties }: JsonDraft): JsonDraft {
  return isObject(properties) ? properties : {}
}

/** A schema for the values of both. Fixed values are joined to one list. */
export function either(a: JsonValue, b: JsonValue): JsonValue {
  const [one, two] = [fixedValues(a), fixedValues(b)]
  if (isSame(a, b)) return a
  if (one !== undefined && two !== undefined)
    return {
      ...(a as JsonDraft),
      type: sameType(a, b),
      const: undefined,
      enum: [...new Set([...one, ...two])],
    }
  const held = isObject(a) && Object.keys(a).length === 1 && Array.isArray(a['anyOf']) ? a['anyOf'] : [a]
  return { anyOf: [...(held as JsonValue[]), b] }
}

function sameType(a: JsonValue, b: JsonValue): JsonValue | undefined {
  const [one, two] = [a, b].map((schema) => (isObject(schema) ? schema['type'] : undefined))
  return isSame(one, two) ? one : undefined
}

function fixedValues(schema: JsonValue | undefined): readonly JsonValue[] | undefined {
  const { enum: values, const: only } = isObject(schema) ? schema : {}
  return Array.isArray(values) ? values : only === undefined ? undefined : [only]
}

function sketch(shape: JsonDraft): string {
  const { required } = shape
  const properties = propertiesOf(shape)
  const names = new Set([...Object.keys(properties), ...itemsOf(required)])
  const told = [...names].map(String).map((name) => {
    const fixed = fixedValues(properties[name])
    const value = fixed?.length === 1 ? `: ${JSON.stringify(fixed[0])}` : ''
    return `${name}${isIn(name, required) ? '' : '?'}${value}`
  })
  return `{ ${told.join(', ')} }`
}

/** Whether a schema that is no union has null among its values. */
export function isNullable({ type, enum: values, const: only, nullable }: JsonDraft): boolean {
  if (nullable === true || only === null || isIn(null, values)) return true
  return type === 'null' || isIn('null', type)
}
