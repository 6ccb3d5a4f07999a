import { argument, checkArguments } from '../core/check-arguments.ts'
import type { ModelFacts, ModelTable } from '../core/model-facts.ts'
import { factRows, factSources } from './data.ts'
import { readRow, type FactRow } from './rows.ts'
import { tableOf } from './table.ts'

export type {
  CacheRules,
  FactSource,
  ModelFacts,
  ModelPrices,
  ModelTable,
  OwnFacts,
  TokenPrices,
} from '../core/model-facts.ts'
export { createModelTable, type ModelTableOptions } from './table.ts'
export { pricesAt, tokenCostUsd, type CostOptions } from './cost.ts'

function builtIn(): ModelTable {
  const read = new Map<string, readonly ModelFacts[]>()
  const rowsOf = (provider: string): readonly ModelFacts[] => {
    const known = read.get(provider)
    if (known !== undefined) return known
    const json = Object.hasOwn(factRows, provider) ? factRows[provider] : undefined
    const rows = (json === undefined ? [] : JSON.parse(json)) as readonly FactRow[]
    const facts = rows.map((row) => Object.freeze(readRow(provider, row, factSources)))
    read.set(provider, facts)
    return facts
  }
  return {
    get: tableOf(rowsOf),
    list: (provider) => (provider === undefined ? Object.keys(factRows).flatMap(rowsOf) : rowsOf(provider)),
  }
}

/** The facts that the package brings, each row with its sources and their dates. A provider's rows are read when first asked for. */
export const modelTable: ModelTable = /* @__PURE__ */ builtIn()

/**
 * Returns what the package knows of a model: by its exact id, an alias, or its id without date, version or region.
 * `undefined` if it knows nothing; a similar name is never taken for the model.
 */
export function modelFacts(provider: string, model: string): ModelFacts | undefined {
  checkArguments('modelFacts', { provider: argument.text, model: argument.text }, { provider, model })
  return modelTable.get(provider, model)
}

/** Lists the models of a provider that the package knows, or of all providers. */
export function listKnownModels(provider?: string): readonly ModelFacts[] {
  return modelTable.list(provider)
}
