import type { SchemaRules } from '../../core/fit/rules.ts'
import type { SchemaRule } from '../../core/fit/schema-rule.ts'

const enforced: SchemaRule = {
  keeps:
    'type enum const anyOf $ref properties required items additionalProperties title description pattern format',
  values: { format: /^(date-time|uuid|date|time)$/, pattern: /^(?!.*\(\?[=!<])/s },
  root: 'object',
  someRequired: true,
}
/** Schemas of tools and answers. */
export const cohereSchemas: SchemaRules = {
  toolSchema: { root: 'object' },
  strictSchema: { ...enforced, totals: { properties: 200 } },
  answerSchema: enforced,
}
