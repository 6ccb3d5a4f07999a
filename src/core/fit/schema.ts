import { isObject, type JsonDraft, type JsonObject, type JsonValue } from '../json.ts'
import { normalized, nullable } from './normalize-schema.ts'
import type { FittedSchema, SchemaMeasure, SchemaRule } from './schema-rule.ts'
import { itemsOf } from './schema-parts.ts'
import { flattened, isObjectSchema, isWrapped, lookup, resolved, variantsOf, WRAPPER } from './schema-tree.ts'
import { placeOf, SchemaWords, withConstraints, wordsOf, type SchemaNotes } from './schema-words.ts'

const known: WeakMap<object, WeakMap<SchemaRule, FittedSchema>> = new WeakMap()
// An allOf that holds its own schema would never end.
const MAX_NODES = 20_000
const MAX_LEVELS = 100
// How often a recursive schema occurs inside itself where a wire has no recursion.
const DEPTH = 2

/**
 * Fits a schema to a wire. Fitted once per schema object and rule, because many calls carry the same tools: a schema is not
 * to be changed after its first call.
 */
export function fitSchema(schema: JsonDraft, rule: SchemaRule): FittedSchema {
  let fits = known.get(schema)
  if (fits === undefined) known.set(schema, (fits = new WeakMap<SchemaRule, FittedSchema>()))
  let fitted = fits.get(rule)
  if (fitted === undefined) {
    const first = new SchemaFitter(schema, rule, rule.refs === 'none')
    fitted = first.fitRoot()
    if (first.isRecursive && rule.refs === 'tree') fitted = new SchemaFitter(schema, rule, true).fitRoot()
    fits.set(rule, fitted)
  }
  return fitted
}

/** Keywords that constrain nothing. */
const NOTES = wordsOf(
  '$schema $id id $comment title examples deprecated readOnly writeOnly discriminator nullable',
)
const NEVER = wordsOf('$schema $defs definitions')
const MAPS = wordsOf('properties patternProperties dependentSchemas')
const LISTS = wordsOf('anyOf oneOf allOf prefixItems')
const NOT_AT_ROOT = wordsOf('anyOf oneOf allOf not enum const if then else')

class SchemaFitter {
  isRecursive = false
  readonly #root: JsonDraft
  readonly #rule: SchemaRule
  readonly #inline: boolean
  readonly #words: SchemaWords
  readonly #notes: SchemaNotes = { moved: [], changed: new Set(), blocked: new Set() }
  readonly #sizes = {
    'strict tools': 1,
    properties: 0,
    levels: 0,
    'enum values': 0,
    characters: 0,
    'optional properties': 0,
    unions: 0,
  } satisfies Record<SchemaMeasure, number>
  readonly #names = new Map<string, string>()
  readonly #defs = new Map<string, JsonDraft>()
  readonly #open: string[] = ['#']
  #nodes = 0
  #depth = 0
  #level = 0

  constructor(root: JsonDraft, rule: SchemaRule, inline: boolean) {
    this.#root = root
    this.#rule = rule
    this.#inline = inline
    this.#words = new SchemaWords(rule)
  }

  fitRoot(): FittedSchema {
    const isObjectRoot = this.#rule.root !== undefined
    const fitted = this.#fit(
      isObjectRoot ? objectRoot(this.#root, this.#notes.changed) : resolved(this.#root, this.#root),
      '',
    )
    const schema: JsonObject =
      this.#defs.size === 0 ? fitted : { ...fitted, $defs: Object.fromEntries(this.#defs) }
    const { moved, changed, blocked } = this.#notes
    return { schema, moved, changed: [...changed], blocked: [...blocked], sizes: this.#sizes }
  }

  #fit(schema: JsonValue | undefined, path: string): JsonDraft {
    const given: JsonDraft = isObject(schema) ? schema : {}
    if (++this.#nodes > MAX_NODES || this.#level > MAX_LEVELS) return this.#cut(path)
    if (typeof given['$ref'] === 'string') return this.#fitReference(given, given['$ref'], path)
    const draft = normalized(given, path, {
      root: this.#root,
      words: this.#words,
      notes: this.#notes,
    })
    if (typeof draft['$ref'] === 'string') return this.#fitReference(draft, draft['$ref'], path)
    const fitted: JsonDraft = {}
    const lost: JsonDraft = {}
    this.#level++
    for (const [key, value] of Object.entries(draft)) {
      // An object that is closed has no other properties.
      const isClosed = key === 'additionalProperties' && this.#rule.closed === true
      if (value === undefined || NEVER.has(key) || isClosed) continue
      if (
        this.#words.keeps(key, value) &&
        !(path === '' && this.#rule.root !== undefined && NOT_AT_ROOT.has(key))
      )
        fitted[key] = this.#fitInner(key, value, path)
      else if (!NOTES.has(key) && !key.startsWith('x-')) lost[key] = value
    }
    this.#level--
    if (isObjectSchema(draft) || isObject(draft['properties'])) this.#fitObject(draft, fitted, { lost, path })
    count(fitted, this.#sizes)
    this.#tell(fitted, lost, path)
    return fitted
  }

  #fitInner(key: string, value: JsonValue, path: string): JsonValue {
    const under = path === '' ? '' : `${path}.`
    if (MAPS.has(key) && isObject(value)) {
      this.#depth++
      this.#sizes.levels = Math.max(this.#sizes.levels, this.#depth)
      const fitted = Object.entries(value)
        .filter(([, inner]) => inner !== false)
        .map(([name, inner]) => [name, this.#fit(inner as JsonValue, `${under}${name}`)] as const)
      this.#depth--
      return Object.fromEntries(fitted)
    }
    if (LISTS.has(key) && Array.isArray(value))
      return value
        .filter((inner) => inner !== false)
        .map((inner: JsonValue, index) => this.#fit(inner, `${under}${key}.${index}`))
    const holds = key === 'items' || key === 'not' || key === 'additionalProperties' || key === 'contains'
    return holds && (isObject(value) || (key === 'items' && value === true))
      ? this.#fit(value, `${under}${key}`)
      : value
  }

  #fitReference(given: JsonDraft, ref: string, path: string): JsonDraft {
    const target = lookup(this.#root, ref)
    const { $ref: _ref, $defs: _defs, definitions: _definitions, ...beside } = given
    if (target === undefined) {
      this.#notes.blocked.add(`${ref} at ${placeOf(path)} is not in the schema`)
      const fitted = this.#fit(beside, path)
      this.#tell(fitted, { $ref: ref }, path)
      return fitted
    }
    const loops = this.#open.filter((pointer) => pointer === ref).length
    if (loops > 0) this.isRecursive = true
    const isAlone = Object.keys(beside).length === 0
    if (this.#inline || (!isAlone && this.#rule.loneRefs === true && loops === 0)) {
      if (loops > DEPTH) return this.#cut(path)
      this.#open.push(ref)
      const fitted = this.#fit({ ...target, ...beside }, path)
      this.#open.pop()
      return fitted
    }
    const name = this.#names.get(ref) ?? this.#nameFor(ref)
    if (!this.#defs.has(name)) {
      this.#defs.set(name, {})
      this.#open.push(ref)
      this.#defs.set(name, this.#fit(target, `$defs.${name}`))
      this.#open.pop()
    }
    const reference = { $ref: `#/$defs/${name}` }
    return isAlone || this.#rule.loneRefs === true ? reference : { ...this.#fit(beside, path), ...reference }
  }

  #cut(path: string): JsonDraft {
    this.#notes.blocked.add('it is recursive')
    this.#notes.changed.add('its recursion was cut')
    const leaf: JsonDraft = { type: 'object' }
    this.#fitObject(leaf, leaf, { lost: {}, path })
    return leaf
  }

  #nameFor(ref: string): string {
    let name = ref === '#' ? 'root' : ref.replace(/.*\//, '').replaceAll(/[^\w.-]/g, '_')
    while (this.#defs.has(name)) name += '_'
    this.#names.set(ref, name)
    return name
  }

  #fitObject(draft: JsonDraft, fitted: JsonDraft, { lost, path }: { lost: JsonDraft; path: string }): void {
    const { closed, allRequired, someRequired } = this.#rule
    const open = draft['additionalProperties']
    if (closed === true) {
      fitted['additionalProperties'] = false
      if ((open !== undefined && open !== false) || draft['patternProperties'] !== undefined) {
        this.#notes.blocked.add(`${placeOf(path)} has properties of any name`)
        if (open !== undefined) lost['additionalProperties'] = open
      }
    }
    if (allRequired === true) fitted['properties'] ??= {}
    const properties = fitted['properties'] as JsonDraft | undefined
    if (!isObject(properties)) return
    const names = Object.keys(properties)
    const given = itemsOf(draft['required'])
    const required = names.filter((name) => given.includes(name))
    const optional = names.filter((name) => !required.includes(name))
    this.#sizes.properties += names.length
    this.#sizes['optional properties'] += optional.length
    const added =
      allRequired === true
        ? optional
        : someRequired === true && required.length === 0
          ? optional.slice(0, 1)
          : []
    for (const name of added) properties[name] = nullable(properties[name] as JsonDraft)
    if (added.length > 0)
      fitted['required'] = names.filter((name) => required.includes(name) || added.includes(name))
    else if (required.length > 0 || allRequired === true || fitted['required'] !== undefined)
      fitted['required'] = required
  }

  #tell(fitted: JsonDraft, lost: JsonDraft, path: string): void {
    const keys = Object.keys(lost)
    if (keys.length === 0) return
    for (const key of keys) if (key !== 'default') this.#notes.moved.push(`${key} at ${placeOf(path)}`)
    fitted['description'] = withConstraints(fitted['description'], lost)
  }
}

/** The root as that of an object. */
function objectRoot(root: JsonDraft, changed: Set<string>): JsonDraft {
  if (isWrapped(root)) {
    changed.add(`it was put into an object under "${WRAPPER}", because the format takes objects only`)
    const { $defs: _defs, definitions: _definitions, ...value } = root
    return objectRoot({ type: 'object', properties: { [WRAPPER]: value }, required: [WRAPPER] }, changed)
  }
  const whole = resolved(root, root)
  if (variantsOf(whole) !== undefined) changed.add('the variants of its root were joined to one object')
  const object = flattened(whole, root)
  return { ...object, type: 'object', properties: object['properties'] ?? {} }
}

function count(
  { enum: values, properties, type, anyOf }: JsonDraft,
  sizes: Record<'enum values' | 'characters' | 'unions', number>,
): void {
  if (Array.isArray(values)) sizes['enum values'] += values.length
  sizes.characters += JSON.stringify([values, Object.keys(properties ?? {})]).length
  if (Array.isArray(type) || anyOf !== undefined) sizes.unions++
}
