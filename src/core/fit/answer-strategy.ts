import type { JsonValue } from '../json.ts'
import type { ResolvedFormat, ResolvedSettings } from '../resolved-settings.ts'

/**
 * How a model is asked for an answer by a schema. `native`: by a parameter of the format. `tool`: by a tool whose arguments are
 * the answer. `prompt`: by an instruction.
 */
export type AnswerStrategy = 'native' | 'tool' | 'prompt'

type Rule = { readonly to?: string | undefined; readonly drop?: string | undefined }

/** What a request is adapted to. */
export interface AdaptTarget {
  readonly capabilities: {
    readonly jsonSchema?: boolean | undefined
    readonly tools?: boolean | undefined
  }
  readonly params: {
    readonly responseFormat?: Rule | undefined
    readonly tools?: Rule | undefined
    readonly toolChoice?: Rule | undefined
  }
  readonly model: string
  readonly quirks?: Readonly<Record<string, JsonValue | undefined>> | undefined
}

/** How a target is asked for an answer, and why if it is not by a parameter. */
export interface ChosenStrategy {
  readonly strategy: AnswerStrategy
  /** Absent: the request asks for this strategy. */
  readonly why?: string | undefined
}

/** Chooses how a target is asked for an answer by a schema: the best way that it has, or the one that the format says. */
export function chooseStrategy(
  { schema, strategy }: Pick<ResolvedFormat, 'schema' | 'strategy'>,
  { tools }: Pick<ResolvedSettings, 'tools'>,
  target: AdaptTarget,
): ChosenStrategy {
  const { capabilities, params, quirks = {} } = target
  const hasTools = capabilities.tools !== false && isSent(params.tools)
  if (strategy === 'tool' && schema !== undefined && !hasTools)
    return { strategy: 'prompt', why: 'it calls no tools' }
  if (strategy === 'native' || strategy === 'prompt') return { strategy }
  if (schema === undefined) return { strategy: 'native' }
  if (strategy === 'tool') return { strategy }
  const isAlone = tools === undefined || quirks['jsonWithTools'] !== false
  if (isAlone && isSent(params.responseFormat))
    return capabilities.jsonSchema === false ? { strategy: 'prompt', why: NO_SCHEMA } : { strategy: 'native' }
  const why = isAlone ? NO_SCHEMA : 'it takes none together with tools'
  return { strategy: hasTools ? 'tool' : 'prompt', why }
}

const NO_SCHEMA = 'it takes none as a parameter'

/** Whether the target takes a setting. */
export function isSent(rule: Rule | undefined): boolean {
  return rule?.to !== undefined && rule.drop === undefined
}
