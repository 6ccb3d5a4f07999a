import { isObject, type JsonDraft, type JsonValue } from '../json.ts'
import * as schemaParts from './schema-parts.ts'
import { itemsOf, typeOf } from './schema-parts.ts'
import { either, flattened, isIn, isNullable, variantsOf, withoutAllOf } from './schema-tree.ts'
import { placeOf, type SchemaNotes, type SchemaWords } from './schema-words.ts'

interface Normalizing {
  readonly root: JsonDraft
  readonly words: SchemaWords
  readonly notes: SchemaNotes
}

/** A schema in the keywords of the newest draft, and in those that the wire has for the same. */
export function normalized(given: JsonDraft, path: string, { root, words, notes }: Normalizing): JsonDraft {
  const { closed, typed, last } = words.rule
  const merges = closed === true || !words.takes('allOf')
  let draft: JsonDraft = merges && given['allOf'] !== undefined ? withoutAllOf(given, root) : { ...given }
  if (closed === true && isObject(draft['properties']) && variantsOf(draft) !== undefined) {
    notes.changed.add(`the variants at ${path} were joined to one object`)
    draft = flattened(draft, root)
  }
  normalizeLists(draft, words)
  exclusiveBound(draft, 'minimum', 'exclusiveMinimum')
  exclusiveBound(draft, 'maximum', 'exclusiveMaximum')
  if (draft['oneOf'] !== undefined && draft['anyOf'] === undefined && !words.takes('oneOf')) {
    draft['anyOf'] = draft['oneOf']
    draft['oneOf'] = undefined
  }
  const only = draft['const']
  if (only !== undefined && !words.takes('const')) {
    draft['enum'] ??= [only]
    draft['const'] = undefined
  }
  if (typed === true && draft['type'] === undefined && !isUnion(draft, words)) {
    draft['type'] = typeOf(draft)
    if (draft['type'] === undefined) notes.blocked.add(`${placeOf(path)} has no type`)
  }
  if (draft['nullable'] === true) draft = nullable(draft)
  return last?.(draft, schemaParts) ?? draft
}

// Draft 4 has a mark beside the bound.
function exclusiveBound(draft: JsonDraft, bound: string, key: string): void {
  if (draft[key] === true) {
    draft[key] = draft[bound]
    draft[bound] = undefined
  } else if (draft[key] === false) draft[key] = undefined
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
  if (Array.isArray(prefixItems)) {
    const isOpen = isObject(items) || items === true
    if (!isOpen) {
      draft['maxItems'] ??= prefixItems.length
      draft['items'] = undefined
    }
    if (!words.takes('prefixItems')) {
      const each = isOpen ? [...itemsOf(prefixItems), items as JsonValue] : itemsOf(prefixItems)
      draft['items'] = each.length === 0 ? {} : each.reduce(either)
      draft['prefixItems'] = undefined
      if (!isOpen) draft['minItems'] ??= prefixItems.length
    }
  }
  if ((draft['type'] === 'array' || isIn('array', draft['type'])) && draft['prefixItems'] === undefined)
    draft['items'] ??= {}
}

/** The schema of a value that may also be null. */
export function nullable({ nullable: _mark, ...draft }: JsonDraft): JsonDraft {
  const { type, anyOf, enum: values, description } = draft
  if (isNullable(draft)) return draft
  if (Array.isArray(anyOf))
    return anyOf.some((variant) => isObject(variant) && isNullable(variant as JsonDraft))
      ? draft
      : { ...draft, anyOf: [...itemsOf(anyOf), { type: 'null' }] }
  if (type === undefined || draft['const'] !== undefined) {
    draft['description'] = undefined
    const isEmpty = Object.values(draft).every((value) => value === undefined)
    return isEmpty ? { description } : { description, anyOf: [draft, { type: 'null' }] }
  }
  const types = [type, 'null'].flat()
  return Array.isArray(values)
    ? { ...draft, type: types, enum: [...itemsOf(values), null] }
    : { ...draft, type: types }
}
