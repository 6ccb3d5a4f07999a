import type { Quirks } from '../core/dialect.ts'
import type { SchemaRules } from '../core/fit/enforce-schema.ts'
import type { SchemaRule } from '../core/fit/schema-rule.ts'

/** Schemas of tools and answers that a server of an OpenAI format takes, where they differ from OpenAI's own. */
export interface SchemaQuirks extends Quirks {
  /** Schemas of tools that are not strict. Default: an object at the root, which is no union. */
  readonly toolSchema?: SchemaRule | undefined
  /** Strict schemas. Default: OpenAI's strict subset. */
  readonly strictSchema?: SchemaRule | undefined
  /** Schemas of answers that are not strict. Default: as of tools. */
  readonly answerSchema?: SchemaRule | undefined
  /** Whether tools have `strict`. Default true. */
  readonly strictTools?: boolean | undefined
}

/** Schemas that are not enforced exactly: an object at the root, which is no union. */
export const openaiSchema: SchemaRule = { root: 'flat' }

/** The strict subset: closed objects, whose properties are all required. */
export const openaiStrictSchema: SchemaRule = {
  keeps:
    'type enum const anyOf $ref properties required items additionalProperties title description pattern format multipleOf minimum maximum exclusiveMinimum exclusiveMaximum minItems maxItems',
  formats: 'date-time time date duration email hostname ipv4 ipv6 uuid',
  patterns: 'plain',
  root: 'flat',
  loneRefs: true,
  closed: true,
  allRequired: true,
  typed: true,
  limits: { properties: 5_000, depth: 10, enums: 1_000, chars: 120_000 },
}

/** Schemas of servers that turn them into a grammar of llama.cpp, in which a pattern is that of the whole text. */
export const grammarSchemas: SchemaQuirks = {
  toolSchema: { root: 'flat', patterns: 'anchored' },
  answerSchema: { patterns: 'anchored' },
}

/** The rules that a server's quirks make of OpenAI's. */
export function openaiSchemas({
  toolSchema = openaiSchema,
  strictSchema = openaiStrictSchema,
  answerSchema = openaiSchema,
}: SchemaQuirks): SchemaRules {
  return { toolSchema, strictSchema, answerSchema }
}

/** The rules for tools, which some servers do not enforce. */
export function openaiToolSchemas(quirks: SchemaQuirks): SchemaRules {
  const rules = openaiSchemas(quirks)
  return quirks.strictTools === false ? { ...rules, strictSchema: 'the API has no such field' } : rules
}
