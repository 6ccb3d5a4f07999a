import { isObject, type JsonDraft, type JsonValue } from '../../core/json.ts'

/** A JSON Schema that can be enforced, and what of the original cannot be. */
export interface FittedSchema {
  readonly schema: JsonDraft
  /** Constraints that were moved into descriptions, as `keyword at path`. */
  readonly moved: readonly string[]
}

// Bounds that the format refuses in a schema that it has to enforce.
const REFUSED: ReadonlySet<string> = new Set([
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'maxItems',
])

/** A schema for arguments: always that of an object. */
export function objectSchema(schema: JsonDraft): JsonDraft {
  return schema['type'] === 'object' ? schema : { ...schema, type: 'object' }
}

/**
 * The part of a JSON Schema that the format enforces: objects are closed, and bounds that it refuses become a line in the
 * description, where the model can read them. Pure.
 */
export function fitSchema(schema: JsonDraft): FittedSchema {
  const moved: string[] = []
  return { schema: fit(schema, '', moved), moved }
}

function fit(schema: JsonDraft, path: string, moved: string[]): JsonDraft {
  const fitted: JsonDraft = {}
  const told: JsonDraft = {}
  for (const [key, value] of Object.entries(schema)) {
    if (key === '$schema') continue
    if (REFUSED.has(key) || (key === 'minItems' && value !== 0 && value !== 1)) told[key] = value
    else fitted[key] = fitInner(key, value, { path, moved })
  }
  if (schema['type'] === 'object' || isObject(schema['properties'])) {
    const open = schema['additionalProperties']
    if (open !== undefined && open !== false) told['additionalProperties'] = open
    fitted['additionalProperties'] = false
  }
  const keys = Object.keys(told)
  for (const key of keys) moved.push(`${key} at ${path === '' ? 'the root' : path}`)
  if (keys.length > 0) fitted['description'] = withBounds(schema['description'], told)
  return fitted
}

interface Place {
  readonly path: string
  readonly moved: string[]
}

function fitInner(key: string, value: JsonValue | undefined, { path, moved }: Place): JsonValue | undefined {
  const below = (name: string): string => (path === '' ? name : `${path}.${name}`)
  const inner = (at: unknown, name: string): JsonValue =>
    isObject(at) ? fit(at as JsonDraft, below(name), moved) : (at as JsonValue)
  if ((key === 'properties' || key === '$defs' || key === 'definitions') && isObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, at]) => [name, inner(at, name)]))
  if (key === 'items' && isObject(value)) return inner(value, 'items')
  if ((key === 'anyOf' || key === 'oneOf' || key === 'allOf') && Array.isArray(value))
    return value.map((at, index) => inner(at, `${key}.${index}`))
  return value
}

function withBounds(description: JsonValue | undefined, told: JsonDraft): string {
  const bounds = Object.entries(told).map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
  const line = `Must satisfy ${bounds.join(', ')}.`
  return typeof description === 'string' && description !== '' ? `${description}\n${line}` : line
}
