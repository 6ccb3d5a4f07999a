import { isObject, type JsonDraft, type JsonObject, type JsonValue } from '../json.ts'
import { flattened, isIn, variantsOf, withoutAllOf } from './schema-tree.ts'
import { placeOf, type SchemaNotes, type SchemaWords } from './schema-words.ts'

const ANYTHING: readonly JsonValue[] = [
  ...['string', 'number', 'boolean', 'null', 'object'].map((type) => ({ type })),
  { type: 'array', items: { type: 'string' } },
]

interface Normalizing {
  readonly root: JsonDraft
  readonly words: SchemaWords
  readonly notes: SchemaNotes
}

/** A schema in the keywords of the newest draft, and in those that the wire has for the same. */
export function normalized(given: JsonDraft, path: string, { root, words, notes }: Normalizing): JsonDraft {
  const { closed, plainEnums, typed, typeInside } = words.rule
  const merges = closed === true || !words.takes('allOf')
  let draft: JsonDraft = merges && given['allOf'] !== undefined ? withoutAllOf(given, root) : { ...given }
  if (closed === true && isObject(draft['properties']) && variantsOf(draft) !== undefined) {
    notes.changed.add(`the variants at ${path} were joined to one object`)
    draft = flattened(draft, root)
  }
  normalizeLists(draft, words)
  for (const bound of ['minimum', 'maximum']) {
    const key = `exclusive${bound === 'minimum' ? 'Minimum' : 'Maximum'}`
    const exclusive = draft[key]
    if (typeof exclusive !== 'boolean') continue
    draft[key] = exclusive ? draft[bound] : undefined
    if (exclusive) draft[bound] = undefined
  }
  if (draft['oneOf'] !== undefined && draft['anyOf'] === undefined && !words.takes('oneOf')) {
    draft['anyOf'] = draft['oneOf']
    draft['oneOf'] = undefined
  }
  const only = draft['const']
  if (only !== undefined && !words.takes('const')) {
    draft['enum'] ??= [only]
    draft['const'] = undefined
  }
  if (plainEnums === true && Array.isArray(draft['enum'])) draft = plainEnum(draft, draft['enum'])
  if (typed === true && draft['type'] === undefined && !isUnion(draft, words)) addType(draft, path, notes)
  if (draft['nullable'] === true) draft = nullable(draft)
  if (typeInside === true && draft['type'] !== undefined && Array.isArray(draft['anyOf'])) {
    const { type } = draft
    draft['anyOf'] = draft['anyOf'].map((variant: JsonValue) =>
      isObject(variant) && variant['$ref'] === undefined ? { type, ...variant } : variant,
    )
    draft['type'] = undefined
  }
  return draft
}

function isUnion(draft: JsonDraft, words: SchemaWords): boolean {
  return ['anyOf', 'oneOf', 'allOf'].some((key) => draft[key] !== undefined && words.takes(key))
}

// A list of item schemas is the older word for `prefixItems`.
function normalizeLists(draft: JsonDraft, words: SchemaWords): void {
  if (Array.isArray(draft['items'])) {
    draft['prefixItems'] = draft['items']
    draft['items'] = draft['additionalItems']
    draft['additionalItems'] = undefined
  }
  const { prefixItems, items } = draft
  if (Array.isArray(prefixItems) && items === false) {
    draft['maxItems'] ??= prefixItems.length
    draft['items'] = undefined
  }
  if (Array.isArray(prefixItems) && !words.takes('prefixItems')) {
    const each = new Map(prefixItems.map((item: JsonValue) => [JSON.stringify(item), item]))
    if (isObject(items)) each.set(JSON.stringify(items), items as JsonObject)
    draft['items'] = each.size === 1 ? [...each.values()][0] : { anyOf: [...each.values()] }
    draft['prefixItems'] = undefined
    draft['minItems'] ??= items === undefined || items === false ? prefixItems.length : undefined
    draft['maxItems'] ??= items === undefined || items === false ? prefixItems.length : undefined
  }
  if ((draft['type'] === 'array' || isIn('array', draft['type'])) && draft['prefixItems'] === undefined)
    draft['items'] ??= {}
}

function addType(draft: JsonDraft, path: string, { blocked }: SchemaNotes): void {
  const found = typeOf(draft)
  if (found !== undefined) draft['type'] = found
  else {
    blocked.add(`${placeOf(path)} has no type`)
    draft['anyOf'] = ANYTHING
  }
}

function typeOf(draft: JsonDraft): JsonValue | undefined {
  const values = Array.isArray(draft['enum'])
    ? draft['enum']
    : draft['const'] === undefined
      ? []
      : [draft['const']]
  const types = [...new Set(values.map((value: JsonValue) => (value === null ? 'null' : typeof value)))]
  if (types.length > 0) return types.length === 1 ? types[0] : types
  if (
    draft['properties'] !== undefined ||
    draft['required'] !== undefined ||
    draft['additionalProperties'] !== undefined
  )
    return 'object'
  if (draft['items'] !== undefined || draft['prefixItems'] !== undefined) return 'array'
  if (['minLength', 'maxLength', 'pattern', 'format'].some((key) => draft[key] !== undefined)) return 'string'
  return ['minimum', 'maximum', 'multipleOf'].some((key) => draft[key] !== undefined) ? 'number' : undefined
}

// The type says which of null and the booleans are values.
function plainEnum(draft: JsonDraft, values: readonly JsonValue[]): JsonDraft {
  const plain = values.filter((value) => typeof value === 'string' || typeof value === 'number')
  if (plain.length === values.length) return draft
  if (plain.length === 0) return { type: typeOf(draft), ...draft }
  const one = { ...draft, enum: plain }
  return values.includes(null) ? nullable({ type: typeOf(one), ...one }, false) : one
}

/** The schema of a value that may also be null. */
export function nullable(schema: JsonDraft, inEnum = true): JsonDraft {
  const { nullable: _mark, ...draft } = schema
  const { type, anyOf, enum: values } = draft
  if (Array.isArray(anyOf)) {
    const has = anyOf.some(
      (variant) =>
        isObject(variant) && (variant['type'] === 'null' || isIn('null', variant['type'] as JsonValue)),
    )
    return has ? draft : { ...draft, anyOf: [...anyOf, { type: 'null' }] }
  }
  if (type === 'null' || isIn('null', type)) return draft
  if (type === undefined || draft['const'] !== undefined) {
    const { description, ...rest } = draft
    return Object.keys(rest).length === 0
      ? draft
      : { ...(description === undefined ? undefined : { description }), anyOf: [rest, { type: 'null' }] }
  }
  const types = [...(Array.isArray(type) ? type : [type]), 'null']
  return inEnum && Array.isArray(values) && !values.includes(null)
    ? { ...draft, type: types, enum: [...values, null] }
    : { ...draft, type: types }
}
