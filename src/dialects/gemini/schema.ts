import { linesOf, typeOf } from '../../core/fit/schema-parts.ts'
import type { SchemaRules } from '../../core/fit/rules.ts'
import type { SchemaRule } from '../../core/fit/schema-rule.ts'
import type { JsonDraft, JsonValue } from '../../core/json.ts'

const subset: SchemaRule = {
  keeps:
    'type format title description enum items prefixItems minItems maxItems minimum maximum anyOf oneOf properties additionalProperties required propertyOrdering $ref',
  last: plainEnum,
  refs: 'tree',
  loneRefs: true,
}

/** The keywords that the format reads; it ignores others. */
export const geminiSchemas: SchemaRules = {
  toolSchema: { ...subset, root: 'object' },
  strictSchema: { absent: 'strict is a mode of all tools' },
  answerSchema: subset,
}

// Enums hold text and numbers; the type says which of null and the booleans are values.
function plainEnum(schema: JsonDraft): JsonDraft {
  const { enum: values } = schema
  if (!Array.isArray(values)) return schema
  const plain = values.filter((value: JsonValue) => typeof value === 'string' || typeof value === 'number')
  if (plain.length === values.length) return schema
  const type = schema['type'] ?? typeOf(schema)
  if (plain.length > 0) return { ...schema, type, enum: plain }
  const told = `One of ${JSON.stringify(values)}.`
  const description = linesOf(schema['description'], told)
  return { ...schema, type, enum: undefined, description }
}
