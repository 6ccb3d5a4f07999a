import type { FactSource, ModelFacts } from '../../src/core/model-facts.ts'
import {
  FLAGS,
  PRICE_NAMES,
  withoutAbsent,
  type FactRow,
  type PriceRow,
  type PricesRow,
} from '../../src/models/rows.ts'
import type { Facts, Found } from './draft.ts'

/** Merges sources field by field, newer facts over older ones. The rows are sorted by provider and id. */
export function mergeFacts(found: readonly Found[]): readonly ModelFacts[] {
  const oldestFirst = found.toSorted((a, b) => (a.source.asOf < b.source.asOf ? -1 : 1))
  const rows = new Map<string, ModelFacts>()
  for (const { source, facts } of oldestFirst)
    for (const each of facts) {
      const key = `${each.provider} ${each.id}`
      const below = rows.get(key)
      const aliases = [...new Set([...(below?.aliases ?? []), ...(each.aliases ?? [])])]
      rows.set(key, {
        ...below,
        ...withoutAbsent(each),
        prices: mergedPrices(below, each),
        aliases: aliases.length === 0 ? undefined : aliases,
        sources: [...new Set([source, ...(below?.sources ?? [])])],
      })
    }
  return [...rows.keys()].toSorted().map((key) => completed(rows.get(key) as ModelFacts, rows))
}

const DATE = /-(?:\d{8}|\d{4}-\d{2}-\d{2})$/

// A dated model costs what its undated name costs, whose prices may be known more exactly.
function completed(facts: ModelFacts, rows: ReadonlyMap<string, ModelFacts>): ModelFacts {
  const undated = rows.get(`${facts.provider} ${facts.id.replace(DATE, '')}`)
  const [own, ...more] = facts.prices ?? []
  const [other, ...others] = undated?.prices ?? []
  if (own === undefined || other === undefined || more.length + others.length > 0) return facts
  if (undated === facts || own.input !== other.input || own.output !== other.output) return facts
  const sources = [...new Set([...(undated?.sources ?? []), ...facts.sources])]
  return { ...facts, prices: [{ ...own, ...other }], sources }
}

// A newer list of prices replaces an older one. A price that it does not have stays, if both give one price list.
function mergedPrices(below: ModelFacts | undefined, { prices }: Facts): ModelFacts['prices'] {
  const [old] = below?.prices ?? []
  const [first] = prices ?? []
  if (first === undefined || old === undefined) return prices ?? below?.prices
  if (prices?.length !== 1 || below?.prices?.length !== 1) return prices
  const isSame = first.input === old.input && first.output === old.output
  return isSame ? [{ ...old, ...withoutAbsent(first) }] : prices
}

const LETTERS: Readonly<Record<string, string>> = { text: 't', image: 'i', audio: 'a', video: 'v', pdf: 'p' }

/** The source of `data.ts`: one line a provider. */
export function writeData(rows: readonly ModelFacts[]): string {
  const sources: FactSource[] = []
  const indexOf = (source: FactSource): number => {
    const at = sources.findIndex(({ name, asOf }) => name === source.name && asOf === source.asOf)
    return at >= 0 ? at : sources.push(source) - 1
  }
  const byProvider = Map.groupBy(rows, ({ provider }) => provider)
  const lines = [...byProvider].map(([provider, facts]) => {
    const json = JSON.stringify(facts.map((each) => writeRow(each, each.sources.map(indexOf))))
    return `  ${quoted(provider)}: ${quoted(json)},`
  })
  const listed = sources.map(({ name, asOf }) => `  { name: ${quoted(name)}, asOf: ${quoted(asOf)} },`)
  return [
    "import type { FactSource } from '../core/model-facts.ts'",
    '',
    '// Written by scripts/model-facts.ts; not to be edited. Facts of models.dev and genai-prices, both under the MIT license.',
    'export const factSources: readonly FactSource[] = [',
    ...listed,
    ']',
    '',
    '// The rows of each provider as JSON, because most providers are never asked for.',
    'export const factRows: Readonly<Record<string, string>> = {',
    ...lines,
    '}',
    '',
  ].join('\n')
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

function writeRow(facts: ModelFacts, sources: readonly number[]): FactRow {
  const { contextWindow, maxOutput, maxInput, inputModalities, outputModalities } = facts
  const limits = trimmed([contextWindow, maxOutput, maxInput])
  const flags = FLAGS.map((name) => ({ true: '1', false: '0' })[String(facts[name])] ?? '-').join('')
  return withoutAbsent<FactRow>({
    i: facts.id,
    n: facts.name === facts.id ? undefined : facts.name,
    a: facts.aliases,
    l: limits.length === 0 ? undefined : limits,
    m: inputModalities?.map((kind) => LETTERS[kind]).join(''),
    o: outputModalities?.map((kind) => LETTERS[kind]).join(''),
    f: flags === '----' ? undefined : flags,
    e: facts.efforts?.join(' '),
    b: facts.thinkingBudget,
    x: facts.refused?.join(' '),
    p: facts.prices?.map(writePrices),
    s: facts.status,
    d: facts.deprecatedOn,
    q: facts.retiresOn,
    y: facts.family,
    k: facts.knowledge,
    r: facts.releasedOn,
    w: facts.replayField,
    c: facts.cache,
    z: sources,
  })
}

function trimmed(values: readonly (number | undefined)[]): (number | null)[] {
  const last = values.findLastIndex((value) => value !== undefined)
  return values.slice(0, last + 1).map((value) => value ?? null)
}

function writePrices(prices: NonNullable<ModelFacts['prices']>[number]): PricesRow {
  return withoutAbsent<PricesRow>({
    t: priceRow(prices),
    v: prices.from,
    h: prices.tiers?.map(({ overTokens, ...tier }) => [overTokens, priceRow(tier)] as const),
    g: prices.perSearch,
    b: prices.batchFactor,
    f: prices.tierFactors,
  })
}

function priceRow({ cacheWrite, ...prices }: NonNullable<ModelFacts['prices']>[number]): PriceRow {
  const flat: Readonly<Record<string, unknown>> = {
    ...prices,
    cacheWrite: cacheWrite?.default,
    cacheWrite1h: cacheWrite?.['1h'],
  }
  return trimmed(PRICE_NAMES.map((name) => flat[name] as number | undefined))
}
