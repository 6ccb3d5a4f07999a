import { isObject, type JsonDraft, type JsonValue } from '../../core/json.ts'

/** A JSON Schema that can be enforced, and what of the original cannot be. */
export interface FittedSchema {
  readonly schema: JsonDraft
  /** Constraints that were moved into descriptions, as `keyword at path`. */
  readonly moved: readonly string[]
}

// What grammars are made from; anything else in a schema is refused.
const KEPT: ReadonlySet<string> = new Set([
  'type',
  'enum',
  'const',
  'title',
  'description',
  'default',
  '$ref',
  'required',
])
const FORMATS: ReadonlySet<unknown> = new Set([
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'uri',
  'ipv4',
  'ipv6',
  'uuid',
])
// Notes about the schema itself: they bind nothing.
const NOTES: ReadonlySet<string> = new Set([
  '$schema',
  '$id',
  '$comment',
  'examples',
  'deprecated',
  'readOnly',
])

/**
 * The part of a JSON Schema that the format enforces: objects are closed, `oneOf` is `anyOf`, and limits on numbers,
 * lengths and patterns become a line in the description, where the model can read them. Pure.
 */
export function fitSchema(schema: JsonDraft): FittedSchema {
  const moved: string[] = []
  return { schema: fit(schema, { path: '', moved }), moved }
}

/** A schema for a tool's arguments: always that of an object. */
export function plainSchema(schema: JsonDraft): JsonDraft {
  return schema['type'] === 'object' ? schema : { ...schema, type: 'object' }
}

interface Place {
  readonly path: string
  readonly moved: string[]
}

function fit(whole: JsonDraft, place: Place): JsonDraft {
  // A reference stands alone: what is beside it would be refused.
  const { $ref, $defs, definitions } = whole
  const schema: JsonDraft = $ref === undefined ? whole : { $ref, $defs, definitions }
  const { path, moved } = place
  const fitted: JsonDraft = {}
  const told: JsonDraft = {}
  for (const [key, value] of Object.entries(schema)) {
    if (value === undefined || NOTES.has(key) || key === 'additionalProperties') continue
    if (
      KEPT.has(key) ||
      (key === 'format' && FORMATS.has(value)) ||
      (key === 'minItems' && isOneOrNone(value))
    )
      fitted[key] = value
    else if (!fitInner(fitted, key, value, place)) told[key] = value
  }
  if (isObject(schema['properties']) || schema['type'] === 'object') close(schema, fitted, told)
  for (const key of Object.keys(told)) moved.push(`${key} at ${path === '' ? 'the root' : path}`)
  if (Object.keys(told).length > 0) fitted['description'] = withLimits(schema['description'], told)
  return fitted
}

function isOneOrNone(value: JsonValue): boolean {
  return value === 0 || value === 1
}

// The format asks for closed objects. One that was open on purpose loses something.
function close(schema: JsonDraft, fitted: JsonDraft, told: JsonDraft): void {
  const open = schema['additionalProperties']
  fitted['additionalProperties'] = false
  if (open !== undefined && open !== false) told['additionalProperties'] = open
}

/** Fits the schemas that `key` holds, if it is a keyword that holds any. */
function fitInner(fitted: JsonDraft, key: string, value: JsonValue, { path, moved }: Place): boolean {
  const inner = (at: unknown, name: string): JsonValue =>
    isObject(at)
      ? fit(at as JsonDraft, { path: path === '' ? name : `${path}.${name}`, moved })
      : (at as JsonValue)
  if (key === 'properties' || key === '$defs' || key === 'definitions') {
    if (!isObject(value)) return false
    fitted[key] = Object.fromEntries(Object.entries(value).map(([name, at]) => [name, inner(at, name)]))
    return true
  }
  if (key === 'items' && isObject(value)) {
    fitted[key] = inner(value, 'items')
    return true
  }
  if ((key === 'anyOf' || key === 'oneOf' || key === 'allOf') && Array.isArray(value)) {
    fitted[key === 'oneOf' ? 'anyOf' : key] = value.map((at, index) => inner(at, `${key}.${index}`))
    return true
  }
  return false
}

function withLimits(description: JsonValue | undefined, told: JsonDraft): string {
  const limits = Object.entries(told).map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
  const line = `Must satisfy ${limits.join(', ')}.`
  return typeof description === 'string' && description !== '' ? `${description}\n${line}` : line
}
