import type { ModelFacts, ModelTable, OwnFacts } from '../core/model-facts.ts'
import type { ParamExplanation } from '../core/params.ts'
import type { ModelCapabilities } from '../core/provider.ts'
import { modelNameOf, type Registry, type Target, type TargetReference } from '../core/registry.ts'

/** What is known of a target before it is called. */
export interface TargetExplanation {
  readonly provider: string
  readonly model: string
  /** For every setting where it is sent, how it is changed, or why it is dropped or refused. */
  readonly settings: readonly ParamExplanation[]
  /** What calls know of the model, with what the facts add. */
  readonly capabilities: ModelCapabilities
  /** Facts of the model, with their sources. `undefined` if there are none. */
  readonly facts: ModelFacts | undefined
}

/** A table of models, or the application's own facts. */
export type ModelsOption = ModelTable | readonly OwnFacts[]

/** The parts of an orchestrator that know models without calling them. */
export interface ModelKnowledge {
  /**
   * Explains a target, `provider/model` or its parts, without calling it. Throws `misconfigured` if it is unknown, or if the
   * table of models cannot be loaded.
   */
  explain(request: string | TargetReference): Promise<TargetExplanation>
  /** Lists the models of a provider that are known without asking it, or of all providers. `listModels` asks the provider. */
  models(provider?: string): Promise<readonly ModelFacts[]>
}

/** Loads the table of models below the application's own facts. */
export type LoadModels = (own: readonly OwnFacts[]) => Promise<ModelTable>

/** Creates the knowledge of models. The table is loaded when it is first asked for. */
export function createModelKnowledge(
  registry: Registry,
  models: ModelsOption = [],
  load?: LoadModels,
): ModelKnowledge {
  let loading: Promise<ModelTable> | undefined
  const table = (): Promise<ModelTable> =>
    (loading ??= isTable(models)
      ? Promise.resolve(models)
      : (load?.(models) ?? Promise.resolve(tableOf(models))))
  return {
    explain: async (request) => {
      const target = registry.resolve(typeof request === 'string' ? { model: request } : request)
      return explanationOf(target, await table(), registry)
    },
    models: async (provider) => {
      const known = await table()
      if (provider === undefined) return known.list()
      const own = known.list(provider)
      return own.length > 0 ? own : known.list(registry.get(provider)?.vendor ?? provider)
    },
  }
}

// Facts alone are found by their exact ids.
function tableOf(own: readonly OwnFacts[]): ModelTable {
  const rows = own.map((facts) => ({ sources: [], ...facts }))
  return {
    get: (provider, model) => rows.find((facts) => facts.provider === provider && facts.id === model),
    list: (provider) => rows.filter((facts) => provider === undefined || facts.provider === provider),
  }
}

function isTable(models: ModelsOption): models is ModelTable {
  return !Array.isArray(models)
}

function explanationOf(target: Target, table: ModelTable, registry: Registry): TargetExplanation {
  const { provider, model, definition, capabilities } = target
  const name = modelNameOf(definition, model)
  const facts = table.get(provider, name) ?? table.get(definition.vendor ?? provider, name)
  const settings = registry.explain(target)
  return {
    provider,
    model,
    settings: facts?.refused === undefined ? settings : withRefusals(settings, facts),
    capabilities: { ...capabilitiesIn(facts), ...capabilities },
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
