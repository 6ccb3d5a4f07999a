import type { ModelFacts, ModelTable, OwnFacts } from '../core/model-facts.ts'
import type { Registry, TargetReference } from '../core/registry.ts'
import type { TargetExplanation } from './explain-target.ts'

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
      return (await import('./explain-target.ts')).explainTarget(target, await table(), registry)
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
