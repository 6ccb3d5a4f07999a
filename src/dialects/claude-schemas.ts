import type { SchemaRules } from '../core/fit/rules.ts'
import type { SchemaRule } from '../core/fit/schema-rule.ts'

/** The subset that is compiled to a grammar. Optional properties stay optional. */
const enforced: SchemaRule = {
  keeps:
    'type enum const title description default $ref properties required items anyOf format minItems additionalProperties',
  values: {
    format: /^(date-time|time|date|duration|email|hostname|uri|ipv4|ipv6|uuid)$/,
    minItems: /^[01]$/,
  },
  root: 'object',
  refs: 'tree',
  loneRefs: true,
  closed: true,
  totals: { 'strict tools': 20, 'optional properties': 24, unions: 16 },
}

/** The schemas of the messages format and of the converse format. */
export const claudeSchemas: SchemaRules = {
  toolSchema: { root: 'object' },
  strictSchema: enforced,
  answerSchema: enforced,
}
