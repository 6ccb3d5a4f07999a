import { fitAnswer, type SchemaRules } from '../../core/fit/enforce-schema.ts'
import type { SchemaRule } from '../../core/fit/schema-rule.ts'
import type { JsonDraft, JsonObject } from '../../core/json.ts'

const subset: SchemaRule = {
  keeps:
    'type format title description enum items prefixItems minItems maxItems minimum maximum anyOf oneOf properties additionalProperties required propertyOrdering $ref',
  plainEnums: true,
  refs: 'tree',
  loneRefs: true,
}

/** The keywords that the format reads; it ignores others. Strict is a mode of all tools, and no rule for schemas. */
export const geminiSchemas: SchemaRules = {
  toolSchema: { ...subset, root: 'flat' },
  strictSchema: 'it is a mode of all tools',
  answerSchema: subset,
}

/** The schema of an answer. */
export function encodeSchema(schema: JsonDraft, warn: (message: string) => void): JsonObject {
  return fitAnswer({ schema }, geminiSchemas, warn).schema
}
