import type { SchemaRules } from '../core/fit/rules.ts'
import type { SchemaRule } from '../core/fit/schema-rule.ts'

/** The strict subset: closed objects, whose properties are all required. */
export const openaiStrictSchema: SchemaRule = {
  keeps:
    'type enum const anyOf $ref properties required items additionalProperties title description pattern format multipleOf minimum maximum exclusiveMinimum exclusiveMaximum minItems maxItems',
  // Patterns have no look-around.
  values: {
    format: /^(date-time|time|date|duration|email|hostname|ipv4|ipv6|uuid)$/,
    pattern: /^(?!.*\(\?[=!<])/s,
  },
  root: 'object',
  loneRefs: true,
  closed: true,
  allRequired: true,
  typed: true,
  limits: { properties: 5_000, levels: 10, 'enum values': 1_000, characters: 120_000 },
}

/** Schemas of the formats with a strict subset. Others have an object at the root, which is no union. */
export const strictSchemas: SchemaRules = {
  toolSchema: { root: 'object' },
  strictSchema: openaiStrictSchema,
  answerSchema: { root: 'object' },
}

/** Patterns of a whole text, without look-around. */
export const wholePattern: RegExp = /^(?!.*\(\?[=!<])\^.*\$$/s

/** Schemas of servers that turn them into a grammar of llama.cpp, in which a pattern is that of the whole text. */
export const grammarSchemas: Omit<SchemaRules, 'strictSchema'> = {
  toolSchema: { root: 'object', values: { pattern: wholePattern } },
  answerSchema: { values: { pattern: wholePattern } },
}
