import type { JsonDraft, JsonObject } from '../json.ts'
import type { ResolvedFormat, ResolvedTool } from '../resolved-settings.ts'
import type { SchemaRules } from './rules.ts'
import { fitSchema } from './schema.ts'
import type { FittedSchema, SchemaMeasure, SchemaRule, SchemaSizes } from './schema-rule.ts'

/** A tool with the schema that is sent. `strict` is true if it is enforced. */
export interface FittedTool {
  readonly name: string
  readonly description: string | undefined
  readonly schema: JsonObject
  readonly strict: boolean
}

type Warn = (message: string) => void

/** Fits the schemas of tools. Those that cannot be enforced are sent without `strict`, with a warning. */
export function fitTools(tools: readonly ResolvedTool[], rules: SchemaRules, warn: Warn): FittedTool[] {
  const sums: Partial<Record<SchemaMeasure, number>> = {}
  return tools.map((tool) => {
    const { name, parameters } = tool
    const { fitted, strict } = fitStrictly(
      { schema: parameters, strict: tool.strict, subject: ` of tool ${name}` },
      rules,
      {
        plain: rules.toolSchema,
        sums,
        warn,
      },
    )
    const { schema, changed, moved } = fitted
    for (const change of changed) warn(`the schema of tool ${name}: ${change}`)
    if (strict && moved.length > 0) warn(`tool ${name}: ${notEnforced(moved)}`)
    return { name, description: tool.description, schema, strict }
  })
}

/** Fits the schema of an answer; it is sent without `strict`, with a warning, if it cannot be enforced. */
export function fitAnswer(
  { schema, strict }: { readonly schema: JsonDraft } & Pick<ResolvedFormat, 'strict'>,
  rules: SchemaRules,
  warn: Warn,
): { readonly schema: JsonObject; readonly strict: boolean } {
  const plain = rules.answerSchema
  const { fitted, strict: isStrict } = fitStrictly({ schema, strict, subject: '' }, rules, {
    plain,
    sums: {},
    warn,
  })
  for (const change of fitted.changed) warn(`the schema: ${change}`)
  if (fitted.moved.length > 0) warn(notEnforced(fitted.moved))
  return { schema: fitted.schema, strict: isStrict }
}

interface Given {
  readonly schema: JsonDraft
  readonly strict: boolean | undefined
  readonly subject: string
}

interface Fitting {
  readonly plain: SchemaRule
  readonly sums: Partial<Record<SchemaMeasure, number>>
  readonly warn: Warn
}

function fitStrictly(
  { schema, strict, subject }: Given,
  { strictSchema }: SchemaRules,
  { plain, sums, warn }: Fitting,
): { readonly fitted: FittedSchema; readonly strict: boolean } {
  if (strict === true) {
    const fitted = 'absent' in strictSchema ? undefined : fitSchema(schema, strictSchema)
    const reason =
      'absent' in strictSchema ? strictSchema.absent : fitted && whyNot(fitted, strictSchema, sums)
    if (fitted !== undefined && reason === undefined) return { fitted, strict: true }
    warn(`"strict"${subject} was not sent: ${String(reason)}`)
  }
  return { fitted: fitSchema(schema, plain), strict: false }
}

/** Why a fitted schema cannot be enforced. Adds its sizes to the sums if it can. */
function whyNot(
  { blocked, sizes }: FittedSchema,
  { limits = {}, totals = {} }: SchemaRule,
  sums: Partial<Record<SchemaMeasure, number>>,
): string | undefined {
  const all: Record<string, number> = {}
  for (const measure of Object.keys(totals) as SchemaMeasure[])
    all[measure] = (sums[measure] ?? 0) + (sizes[measure] ?? 0)
  const reason = blocked[0] ?? excess(sizes, limits) ?? excess(all, totals)
  if (reason === undefined) Object.assign(sums, all)
  return reason
}

function excess(sizes: SchemaSizes, limits: SchemaSizes): string | undefined {
  for (const [measure, most = Infinity] of Object.entries(limits) as [SchemaMeasure, number | undefined][]) {
    const size = sizes[measure] ?? 0
    if (size > most) return `${size} ${measure} are more than the ${most} that are enforced`
  }
  return undefined
}

function notEnforced(moved: readonly string[]): string {
  return `not enforced, moved into descriptions instead: ${moved.join(', ')}`
}
