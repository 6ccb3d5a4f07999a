import { checkJson } from '../check-json.ts'
import { isObject, listOf, type JsonDraft, type JsonValue } from '../json.ts'
import { resolved, variantsOf } from './schema-tree.ts'

const MAX_DEPTH = 100
const MAX_VARIANTS = 10

/**
 * A value with what a model writes in another form than the schema has it: numbers and truths as text, text as a number, one
 * item for a list, words of an enumeration in other letters, fields that a closed object does not have. What already fits is
 * not changed.
 */
export function coerceValue(value: JsonValue, schema: JsonValue | undefined, root: JsonDraft): JsonValue {
  return coerce(value, schema, { root, depth: 0 })
}

interface Place {
  readonly root: JsonDraft
  readonly depth: number
}

function coerce(value: JsonValue, given: JsonValue | undefined, { root, depth }: Place): JsonValue {
  if (!isObject(given) || depth > MAX_DEPTH) return value
  const schema = resolved(given, root)
  const place = { root, depth: depth + 1 }
  const variants = variantsOf(schema)?.filter((variant) => !isNull(resolved(variant, root)))
  if (variants !== undefined) return value === null ? value : toVariant(value, variants, place)
  const words = [...listOf(schema['enum']), ...(schema['const'] === undefined ? [] : [schema['const']])]
  if (words.length > 0) return wordOf(value, words as readonly JsonValue[])
  const allTypes = [schema['type'] ?? []].flat() as readonly JsonValue[]
  const types = allTypes.filter((type) => type !== 'null' || allTypes.length === 1)
  if (value === null && types.length < allTypes.length) return value
  const [type] = types
  if (types.length !== 1 || typeof type !== 'string') return value
  if (type === 'object') return isObject(value) ? fieldsOf(value, schema, place) : value
  if (type === 'array') {
    const list = Array.isArray(value)
      ? (value as readonly JsonValue[])
      : isObject(value) || value === null
        ? [value]
        : splitOf(value)
    return list
      .filter((item) => item !== null || schema['items'] === undefined)
      .map((item) => coerce(item, schema['items'] as JsonValue, place))
  }
  return scalarOf(value, type)
}

function isNull({ type }: JsonDraft): boolean {
  return type === 'null'
}

// The first variant that the value fits once it is coerced.
function toVariant(value: JsonValue, variants: readonly JsonValue[], { root, depth }: Place): JsonValue {
  const [only] = variants
  if (variants.length === 1) return coerce(value, only, { root, depth })
  const { $defs, definitions } = root
  for (const variant of variants.slice(0, MAX_VARIANTS)) {
    const coerced = coerce(value, variant, { root, depth })
    if (checkJson({ ...resolved(variant, root), $defs, definitions }, coerced).issues.length === 0)
      return coerced
  }
  return value
}

function fieldsOf(value: Record<string, unknown>, schema: JsonDraft, place: Place): JsonValue {
  const properties = isObject(schema['properties']) ? schema['properties'] : {}
  const names = new Map(Object.keys(properties).map((name) => [plain(name), name]))
  const isClosed = schema['additionalProperties'] === false
  const fields = Object.entries(value).flatMap(([given, inner]) => {
    const near = names.get(plain(given))
    const name = Object.hasOwn(properties, given) || near === undefined || near in value ? given : near
    if (isClosed && !Object.hasOwn(properties, name)) return []
    return [[name, coerce(inner as JsonValue, properties[name], place)] as const]
  })
  return Object.fromEntries(fields)
}

function splitOf(value: JsonValue): readonly JsonValue[] {
  return typeof value === 'string' && value.includes(',')
    ? value.split(',').map((item) => item.trim())
    : [value]
}

function wordOf(value: JsonValue, words: readonly JsonValue[]): JsonValue {
  if (words.includes(value)) return value
  const given = plain(textOf(value))
  return words.find((word) => plain(textOf(word)) === given) ?? value
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

// Letters and digits alone: `In Progress`, `in-progress` and `IN_PROGRESS` are one word.
function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '')
}

function scalarOf(value: JsonValue, type: string): JsonValue {
  if (type === 'string')
    return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value
  if (typeof value !== 'string')
    return type === 'integer' && typeof value === 'number' && Number.isInteger(Math.round(value * 1e9) / 1e9)
      ? Math.round(value)
      : value
  const text = value.trim()
  if (type === 'boolean') return TRUTHS.get(text.toLowerCase()) ?? value
  if (type === 'null') return /^(?:null|none|n\/a|)$/i.test(text) ? null : value
  const digits = text.replaceAll(/(?<=\d)[,_ ](?=\d{3}\b)/g, '').replace(/^[$€£]|%$/g, '')
  const number = Number(digits)
  const isNumber =
    digits !== '' && Number.isFinite(number) && (type !== 'integer' || Number.isInteger(number))
  return isNumber ? number : value
}

const TRUTHS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['yes', true],
  ['false', false],
  ['no', false],
])
