import { checkArguments, optional } from '../core/check-arguments.ts'
import type { ModelFacts, ModelTable, OwnFacts } from '../core/model-facts.ts'
import { withoutAbsent } from './rows.ts'

/** Options of {@link createModelTable}. */
export interface ModelTableOptions {
  /** Facts of the application, which replace those of `base` field by field. */
  readonly own?: readonly OwnFacts[] | undefined
  /** The table below. Default: none. */
  readonly base?: ModelTable | undefined
}

/**
 * Makes a table of models from facts of the application's own and a table below, which stays as it is. The result of
 * `listModels` is such facts once each entry has its provider. Nothing is fetched.
 */
export function createModelTable({ own = [], base }: ModelTableOptions): ModelTable {
  checkArguments('createModelTable', { own: optional.objects, base: optional.object }, { own, base })
  const rows = new Map<string, Map<string, ModelFacts>>()
  for (const facts of own) {
    const models = rows.get(facts.provider) ?? new Map<string, ModelFacts>()
    rows.set(facts.provider, models)
    models.set(facts.id, overlaid(models.get(facts.id) ?? base?.get(facts.provider, facts.id), facts))
  }
  const ownTable = tableOf((provider) => [...(rows.get(provider)?.values() ?? [])])
  return {
    get: (provider, model) => ownTable(provider, model) ?? base?.get(provider, model),
    list: (provider) => {
      const models = provider === undefined ? [...rows.values()] : [rows.get(provider) ?? new Map()]
      const mine = models.flatMap((each: ReadonlyMap<string, ModelFacts>) => [...each.values()])
      const below = base?.list(provider).filter((facts) => rows.get(facts.provider)?.has(facts.id) !== true)
      return [...mine, ...(below ?? [])]
    },
  }
}

function overlaid(below: ModelFacts | undefined, own: OwnFacts): ModelFacts {
  const sources = [...(own.sources ?? [{ name: 'own', asOf: '' }]), ...(below?.sources ?? [])]
  return { ...below, ...withoutAbsent(own), sources }
}

/** Finds the facts of a model among a provider's rows. */
export type FindFacts = (provider: string, model: string) => ModelFacts | undefined

/** Makes a search by exact id, alias, and id without date, version or vendor. */
export function tableOf(rowsOf: (provider: string) => readonly ModelFacts[]): FindFacts {
  const indices = new Map<string, ReadonlyMap<string, ModelFacts>>()
  return (provider, model) => {
    let index = indices.get(provider)
    if (index === undefined) indices.set(provider, (index = indexOf(rowsOf(provider))))
    const id =
      model.startsWith(`${provider}/`) && !index.has(model) ? model.slice(provider.length + 1) : model
    return namesOf(id)
      .map((name) => index.get(name))
      .find((facts) => facts !== undefined)
  }
}

// Exact ids first, then aliases, then ids without their date: an entry that exists is never replaced.
function indexOf(rows: readonly ModelFacts[]): ReadonlyMap<string, ModelFacts> {
  const index = new Map<string, ModelFacts>(rows.map((facts) => [facts.id, facts]))
  const add = (name: string, facts: ModelFacts): void => {
    if (!index.has(name)) index.set(name, facts)
  }
  for (const facts of rows) for (const alias of facts.aliases ?? []) add(alias, facts)
  const newestFirst = rows.toSorted((a, b) => (b.id < a.id ? -1 : 1))
  for (const facts of newestFirst) for (const name of namesOf(facts.id)) add(name, facts)
  return index
}

const PREFIXES = /^(?:publishers\/[^/]+\/models\/|models\/|(?:us|eu|apac|au|ca|jp|us-gov|global)\.(?=\w+\.))/
const VERSIONS = /(?:@(?:\d{8}|default|latest)|-v\d+:\d+)$/
const DATES = /-(?:\d{8}|\d{4}-\d{2}-\d{2}|latest)$/

/** The names by which a model may be listed, most exact first: as given, without folder or region, without version, without date. */
function namesOf(model: string): string[] {
  const bare = model.replace(PREFIXES, '')
  const unversioned = bare.replace(VERSIONS, '')
  return [...new Set([model, bare, unversioned, unversioned.replace(DATES, '')])]
}
