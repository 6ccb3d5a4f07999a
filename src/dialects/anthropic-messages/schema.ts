import type { JsonDraft, JsonValue } from '../../core/json.ts'
import { fitSchema as fitByRules, type FittedSchema, type SchemaRules } from '../fit-schema.ts'

// The format compiles schemas to grammars from these keywords and refuses all others.
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
const RULES: SchemaRules = {
  notes: new Set(['$schema', '$id', '$comment', 'examples', 'deprecated', 'readOnly']),
  refuses: (key, value) => !KEPT.has(key) && !isKeptValue(key, value),
  narrow: true,
}

function isKeptValue(key: string, value: JsonValue): boolean {
  return key === 'format' ? FORMATS.has(value) : key === 'minItems' && (value === 0 || value === 1)
}

/** The part of a JSON Schema that the format enforces: limits on numbers, lengths and patterns move into descriptions. */
export function fitSchema(schema: JsonDraft): FittedSchema {
  return fitByRules(schema, RULES)
}
