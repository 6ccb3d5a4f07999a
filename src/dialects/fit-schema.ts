import { isObject, type JsonDraft, type JsonValue } from '../core/json.ts'

/** A JSON Schema that a format enforces, and what was taken out of it. */
export interface FittedSchema {
  readonly schema: JsonDraft
  /** Constraints that were moved into descriptions, as `keyword at path`. */
  readonly moved: readonly string[]
}

/** What a format does with the keywords of a schema that it enforces. */
export interface SchemaRules {
  /** Keywords that constrain nothing and are left out. */
  readonly notes: ReadonlySet<string>
  /** Whether the format refuses this keyword with this value, so that it moves into the description. */
  readonly refuses: (key: string, value: JsonValue) => boolean
  /** Whether the format has `anyOf` only, and nothing beside a `$ref`. Default: off. */
  readonly narrow?: boolean
}

/** A schema for a tool's arguments: always that of an object. */
export function objectSchema(schema: JsonDraft): JsonDraft {
  return schema['type'] === 'object' ? schema : { ...schema, type: 'object' }
}

/**
 * The part of a JSON Schema that a format enforces. Objects are closed, and constraints that the format refuses become a
 * line of the description, where the model can read them. Pure.
 */
export function fitSchema(schema: JsonDraft, rules: SchemaRules): FittedSchema {
  const moved: string[] = []
  return { schema: fit(schema, { path: '', moved, rules }), moved }
}

interface Place {
  readonly path: string
  readonly moved: string[]
  readonly rules: SchemaRules
}

function fit(whole: JsonDraft, place: Place): JsonDraft {
  const { rules, path, moved } = place
  const schema = rules.narrow === true ? loneReference(whole) : whole
  const fitted: JsonDraft = {}
  const lost: JsonDraft = {}
  for (const [key, value] of Object.entries(schema)) {
    if (value === undefined || rules.notes.has(key)) continue
    if (key === 'additionalProperties' && rules.narrow === true) continue
    const inner = fitInner(key, value, place)
    if (inner !== undefined) fitted[key === 'oneOf' && rules.narrow === true ? 'anyOf' : key] = inner
    else if (rules.refuses(key, value)) lost[key] = value
    else fitted[key] = value
  }
  if (isObject(schema['properties']) || schema['type'] === 'object') close(schema, fitted, lost)
  const keys = Object.keys(lost)
  for (const key of keys) moved.push(`${key} at ${path === '' ? 'the root' : path}`)
  if (keys.length > 0) fitted['description'] = withConstraints(schema['description'], lost)
  return fitted
}

// What is beside a reference would be refused.
function loneReference(schema: JsonDraft): JsonDraft {
  const { $ref, $defs, definitions } = schema
  return $ref === undefined ? schema : { $ref, $defs, definitions }
}

// The formats accept closed objects only. An object that was open on purpose loses that.
function close(schema: JsonDraft, fitted: JsonDraft, lost: JsonDraft): void {
  const open = schema['additionalProperties']
  fitted['additionalProperties'] = false
  if (open !== undefined && open !== false) lost['additionalProperties'] = open
}

/** The value of `key` with the schemas in it fitted; `undefined` if it holds none. */
function fitInner(key: string, value: JsonValue, { path, moved, rules }: Place): JsonValue | undefined {
  const inner = (at: unknown, name: string): JsonValue =>
    isObject(at)
      ? fit(at as JsonDraft, { path: path === '' ? name : `${path}.${name}`, moved, rules })
      : (at as JsonValue)
  if ((key === 'properties' || key === '$defs' || key === 'definitions') && isObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, at]) => [name, inner(at, name)]))
  if (key === 'items' && isObject(value)) return inner(value, 'items')
  if ((key === 'anyOf' || key === 'oneOf' || key === 'allOf') && Array.isArray(value))
    return value.map((at, index) => inner(at, `${key}.${index}`))
  return undefined
}

function withConstraints(description: JsonValue | undefined, lost: JsonDraft): string {
  const constraints = Object.entries(lost).map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
  const line = `Must satisfy ${constraints.join(', ')}.`
  return typeof description === 'string' && description !== '' ? `${description}\n${line}` : line
}
