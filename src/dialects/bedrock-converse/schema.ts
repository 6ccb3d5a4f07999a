import type { JsonDraft } from '../../core/json.ts'
import { fitSchema as fitByRules, type FittedSchema, type SchemaRules } from '../fit-schema.ts'

const REFUSED: ReadonlySet<string> = new Set([
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'maxItems',
])
const RULES: SchemaRules = {
  notes: new Set(['$schema']),
  refuses: (key, value) => REFUSED.has(key) || (key === 'minItems' && value !== 0 && value !== 1),
}

/** The part of a JSON Schema that the format enforces: bounds of numbers and lists move into descriptions. */
export function fitSchema(schema: JsonDraft): FittedSchema {
  return fitByRules(schema, RULES)
}
