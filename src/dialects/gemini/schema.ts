import type { SchemaRules } from '../../core/fit/rules.ts'
import type { SchemaRule } from '../../core/fit/schema-rule.ts'
import type { JsonValue } from '../../core/json.ts'

// Enums hold text and numbers; the type says which of null and the booleans are values.
const plainEnum: NonNullable<SchemaRule['last']> = (schema, { linesOf, typeOf }) => {
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
