import { chooseStrategy, type AnswerStrategy } from '../core/fit/answer-strategy.ts'
import type { ModelFacts, ModelTable } from '../core/model-facts.ts'
import type { ParamExplanation } from '../core/params.ts'
import type { ModelCapabilities } from '../core/provider.ts'
import { modelNameOf, type Registry, type Target } from '../core/registry.ts'

/** What is known of a target before it is called. */
export interface TargetExplanation {
  readonly provider: string
  readonly model: string
  /** For every setting where it is sent, how it is changed, or why it is dropped or refused. */
  readonly settings: readonly ParamExplanation[]
  /** How the target is asked for an answer by a schema, in a request without tools. */
  readonly structuredOutput: AnswerStrategy
  /** What calls know of the model, with what the facts add. */
  readonly capabilities: ModelCapabilities
  /** Facts of the model, with their sources. `undefined` if there are none. */
  readonly facts: ModelFacts | undefined
}

/** Explains a resolved target by a table of models. */
export function explainTarget(target: Target, table: ModelTable, registry: Registry): TargetExplanation {
  const { provider, model, definition, capabilities } = target
  const name = modelNameOf(definition, model)
  const facts = table.get(provider, name) ?? table.get(definition.vendor ?? provider, name)
  const settings = registry.explain(target)
  return {
    provider,
    model,
    settings: facts?.refused === undefined ? settings : withRefusals(settings, facts),
    capabilities: { ...capabilitiesIn(facts), ...capabilities },
    structuredOutput: chooseStrategy({ schema: {} }, {}, target).strategy,
    facts,
  }
}

function withRefusals(
  settings: readonly ParamExplanation[],
  { refused = [], sources }: ModelFacts,
): readonly ParamExplanation[] {
  const why = `the model refuses it, by ${sources[0]?.name ?? 'its facts'}`
  return settings.map((each) =>
    each.action === 'sent' && refused.includes(each.setting) ? { ...each, why } : each,
  )
}

function capabilitiesIn(facts: ModelFacts | undefined): ModelCapabilities {
  if (facts === undefined) return {}
  const { contextWindow, maxOutput, tools, jsonSchema, reasoning, inputModalities } = facts
  const images = inputModalities?.includes('image')
  const known = Object.entries({ contextWindow, maxOutput, images, tools, jsonSchema, reasoning })
  return Object.fromEntries(known.filter(([, value]) => value !== undefined))
}
