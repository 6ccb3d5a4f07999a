import type { SchemaRules } from '../../core/fit/enforce-schema.ts'
import type { SchemaRule } from '../../core/fit/schema-rule.ts'

const subset: SchemaRule = {
  keeps:
    'type format title description enum items prefixItems minItems maxItems minimum maximum anyOf oneOf properties additionalProperties required propertyOrdering $ref',
  plainEnums: true,
  refs: 'tree',
  loneRefs: true,
}

/** The keywords that the format reads; it ignores others. */
export const geminiSchemas: SchemaRules = {
  toolSchema: { ...subset, root: 'flat' },
  strictSchema: { absent: 'strict is a mode of all tools' },
  answerSchema: subset,
}
