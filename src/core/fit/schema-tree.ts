import { isObject, type JsonDraft, type JsonValue } from '../json.ts'

/** The property that holds a value whose schema is not that of an object. */
export const WRAPPER = 'value'
// A union or an allOf may hold itself.
const MAX_DEPTH = 5

/** The schema at a reference into the same document; `undefined` if there is none. */
export function lookup(root: JsonDraft, ref: string): JsonDraft | undefined {
  if (!ref.startsWith('#')) return undefined
  let at: unknown = root
  for (const word of ref.split('/').slice(1)) {
    const key = decode(word)
    at = (isObject(at) || Array.isArray(at)) && Object.hasOwn(at, key) ? (at as JsonDraft)[key] : undefined
  }
  if (at === true) return {}
  return isObject(at) && (ref === '#' || ref.startsWith('#/')) ? (at as JsonDraft) : undefined
}

function decode(word: string): string {
  const plain = word.replaceAll('~1', '/').replaceAll('~0', '~')
  try {
    return decodeURIComponent(plain)
  } catch {
    return plain
  }
}

/** A schema with its reference resolved, and what is beside the reference merged into the target. */
export function resolved(schema: JsonValue | undefined, root: JsonDraft): JsonDraft {
  let at: JsonDraft = isObject(schema) ? (schema as JsonDraft) : {}
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
  return Array.isArray(list) && list.includes(value)
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
      base[key] = joined(held as JsonDraft, value as JsonDraft, (a, b) => ({ allOf: [a, b] }))
    else if (key === 'required' && Array.isArray(held) && Array.isArray(value))
      base[key] = [...new Set([...held, ...value])]
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
  for (const part of allOf) {
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
  const base: JsonDraft = { ...whole, anyOf: undefined, oneOf: undefined, type: 'object' }
  const shapes = union
    .map((variant) => flattened(resolved(variant, root), root, depth + 1))
    .filter((shape) => isObjectSchema(shape) || Array.isArray(shape['required']))
  let required: readonly JsonValue[] | undefined
  let properties: JsonDraft = {}
  for (const shape of shapes) {
    properties = joined(properties, (shape['properties'] ?? {}) as JsonDraft, either)
    const own = Array.isArray(shape['required']) ? shape['required'] : []
    required = required === undefined ? own : required.filter((name) => own.includes(name))
  }
  base['properties'] = { ...properties, ...(base['properties'] as JsonDraft | undefined) }
  merge(base, { required: [...(required ?? [])] })
  if (shapes.length > 0 && shapes.every((shape) => shape['additionalProperties'] === false))
    base['additionalProperties'] ??= false
  const told = `One of: ${shapes.map((shape) => sketch(shape)).join(' or ')}.`
  const { description } = whole
  return { ...base, description: typeof description === 'string' ? `${description}\n${told}` : told }
}

/** A schema for the values of both. Fixed values are joined to one list. */
function either(a: JsonValue, b: JsonValue): JsonValue {
  const [one, two] = [fixedValues(a), fixedValues(b)]
  if (one !== undefined && two !== undefined) {
    const type = (a as JsonDraft)['type']
    const same = isSame(type, (b as JsonDraft)['type']) ? { type } : undefined
    const { description } = a as JsonDraft
    return {
      ...same,
      ...(description === undefined ? undefined : { description }),
      enum: [...new Set([...one, ...two])],
    }
  }
  const held = isObject(a) && Object.keys(a).length === 1 && Array.isArray(a['anyOf']) ? a['anyOf'] : [a]
  return { anyOf: [...(held as JsonValue[]), b] }
}

function fixedValues(schema: JsonValue): readonly JsonValue[] | undefined {
  if (!isObject(schema)) return undefined
  if (Array.isArray(schema['enum'])) return schema['enum'] as JsonValue[]
  return schema['const'] === undefined ? undefined : [schema['const'] as JsonValue]
}

function sketch({ title, properties = {}, required }: JsonDraft): string {
  const names = Object.entries(properties as JsonDraft).map(([name, schema]) => {
    const fixed = fixedValues(schema ?? null)
    const value = fixed?.length === 1 ? `: ${JSON.stringify(fixed[0])}` : ''
    return `${name}${isIn(name, required) ? '' : '?'}${value}`
  })
  const bare = (Array.isArray(required) ? required : []).filter(
    (name) => !Object.hasOwn(properties as JsonDraft, String(name)),
  )
  return `${typeof title === 'string' ? `${title} ` : ''}{ ${[...names, ...bare].join(', ')} }`
}
