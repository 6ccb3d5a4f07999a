import type { ModelPrices, TokenPrices } from '../../src/core/model-facts.ts'
import { providerOf, type Facts, type Found } from './draft.ts'

type Price =
  | number
  | { readonly base: number; readonly tiers: readonly { readonly start: number; readonly price: number }[] }
type Prices = Readonly<Record<string, Price | undefined>>

interface Match {
  readonly equals?: string
  readonly starts_with?: string
  readonly ends_with?: string
  readonly contains?: string
  readonly regex?: string
  readonly or?: readonly Match[]
  readonly and?: readonly Match[]
}

/** A provider as `@pydantic/genai-prices` describes it. */
export interface GenaiProvider {
  readonly id: string
  readonly models: readonly {
    readonly id: string
    readonly name?: string
    readonly context_window?: number
    readonly deprecated?: boolean
    readonly match?: Match
    readonly prices:
      | Prices
      | readonly {
          readonly constraint?: { readonly type: string; readonly start_date?: string }
          readonly prices: Prices
        }[]
  }[]
}

/** Reads the providers of `@pydantic/genai-prices`. */
export function readGenaiPrices(providers: readonly GenaiProvider[], asOf: string): Found {
  const facts = providers.flatMap(({ id, models }) => {
    const provider = providerOf(id)
    return provider === undefined ? [] : models.filter(isModel).map((model) => factsOf(provider, model))
  })
  return { source: { name: 'genai-prices', asOf }, facts }
}

// Some entries are names of patterns, which no model has as its id.
function isModel({ id, match }: GenaiProvider['models'][number]): boolean {
  return !id.endsWith('-') && match !== undefined && accepts(match, id)
}

function accepts(match: Match, id: string): boolean {
  const { equals, starts_with: start, ends_with: end, contains, regex, or, and } = match
  if (or !== undefined) return or.some((each) => accepts(each, id))
  if (and !== undefined) return and.every((each) => accepts(each, id))
  if (equals !== undefined) return id === equals
  if (start !== undefined) return id.startsWith(start)
  if (end !== undefined) return id.endsWith(end)
  if (contains !== undefined) return id.includes(contains)
  return regex !== undefined && new RegExp(regex).test(id)
}

function factsOf(provider: string, model: GenaiProvider['models'][number]): Facts {
  const aliases = equalsOf(model.match).filter((id) => id !== model.id)
  return {
    provider,
    id: model.id,
    name: model.name,
    aliases: aliases.length === 0 ? undefined : aliases,
    contextWindow: model.context_window,
    status: model.deprecated === true ? 'deprecated' : undefined,
    prices: isList(model.prices) ? datedPrices(model.prices) : pricesOrNone(model.prices),
  }
}

function isList(prices: GenaiProvider['models'][number]['prices']): prices is readonly {
  readonly constraint?: { readonly type: string; readonly start_date?: string }
  readonly prices: Prices
}[] {
  return Array.isArray(prices)
}

// Patterns of the source would be guesses here; the ids that it writes out are none.
function equalsOf({ equals, or = [] }: Match = {}): string[] {
  return [...(equals === undefined ? [] : [equals]), ...or.flatMap(equalsOf)]
}

// Prices by the time of day have no place in the table: a model with them keeps those of the other hours.
function datedPrices(
  list: readonly {
    readonly constraint?: { readonly type: string; readonly start_date?: string }
    readonly prices: Prices
  }[],
): readonly ModelPrices[] | undefined {
  const dated = list.filter(({ constraint }) => constraint === undefined || constraint.type === 'start_date')
  const prices = dated.flatMap(({ constraint, prices: given }) =>
    (pricesOrNone(given) ?? []).map((each) => ({ ...each, from: constraint?.start_date })),
  )
  const sorted = prices.toSorted((a, b) => ((a.from ?? '') < (b.from ?? '') ? -1 : 1))
  return sorted.length === 0 ? undefined : sorted
}

function pricesOrNone(prices: Prices): readonly ModelPrices[] | undefined {
  const base = tokenPrices(prices, (price) => (typeof price === 'object' ? price.base : price))
  const searches = prices['web_searches_kcount']
  const perSearch = typeof searches === 'number' ? searches / 1_000 : undefined
  if (Object.values(base).every((price) => price === undefined)) return undefined
  const starts = Object.values(prices).flatMap((price) =>
    typeof price === 'object' ? price.tiers.map(({ start }) => start) : [],
  )
  const tiers = [...new Set(starts)]
    .toSorted((a, b) => a - b)
    .map((overTokens) => ({ overTokens, ...tokenPrices(prices, (price) => priceOver(price, overTokens)) }))
  return [{ ...base, perSearch, tiers: tiers.length === 0 ? undefined : tiers }]
}

function priceOver(price: Price | undefined, overTokens: number): number | undefined {
  if (typeof price !== 'object') return undefined
  return price.tiers.findLast(({ start }) => start <= overTokens)?.price
}

function tokenPrices(prices: Prices, read: (price: Price | undefined) => number | undefined): TokenPrices {
  const write = read(prices['cache_write_mtok'])
  const hour = read(prices['cache_write_1h_mtok'])
  return {
    input: read(prices['input_mtok']),
    output: read(prices['output_mtok']),
    reasoning: read(prices['output_reasoning_mtok']),
    cacheRead: read(prices['cache_read_mtok']),
    cacheWrite: write === undefined && hour === undefined ? undefined : { default: write, '1h': hour },
    inputAudio: read(prices['input_audio_mtok']),
    outputAudio: read(prices['output_audio_mtok']),
  }
}
