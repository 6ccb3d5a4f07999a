import type { ModelPrices, TokenPrices } from '../../src/core/model-facts.ts'
import { providerOf, type Facts, type Found } from './draft.ts'

interface Cost {
  readonly input?: number
  readonly output?: number
  readonly reasoning?: number
  readonly cache_read?: number
  readonly cache_write?: number
  readonly input_audio?: number
  readonly output_audio?: number
  readonly context_over_200k?: Cost
  readonly tiers?: readonly (Cost & { readonly tier: { readonly size: number } })[]
}

interface Option {
  readonly type: string
  readonly values?: readonly string[]
  readonly min?: number
  readonly max?: number
}

/** A model as models.dev describes it; in lines of its own, with its provider. */
export interface DevModel {
  readonly id: string
  readonly provider?: string
  readonly name?: string
  readonly limit?: { readonly context?: number; readonly input?: number; readonly output?: number }
  readonly modalities?: { readonly input?: readonly string[]; readonly output?: readonly string[] }
  readonly reasoning?: boolean
  readonly reasoning_options?: readonly Option[]
  readonly interleaved?: true | { readonly field: string }
  readonly tool_call?: boolean
  readonly structured_output?: boolean
  readonly temperature?: boolean
  readonly cost?: Cost
  readonly family?: string
  readonly knowledge?: string
  readonly release_date?: string
  readonly status?: string
}

/** Reads `api.json` of models.dev, or lines of its models with a field `provider`. */
export function readModelsDev(text: string, asOf: string): Found {
  const whole = text.trimStart().startsWith('{"provider"') ? undefined : parsed(text)
  const models = whole === undefined ? linesOf(text) : modelsOf(whole)
  const facts = models.flatMap((model) => {
    const provider = providerOf(model.provider ?? '')
    return provider === undefined ? [] : [factsOf(provider, model)]
  })
  return { source: { name: 'models.dev', asOf }, facts }
}

type Api = Readonly<Record<string, { readonly models?: Readonly<Record<string, DevModel>> }>>

function parsed(text: string): Api {
  return JSON.parse(text) as Api
}

function linesOf(text: string): DevModel[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return lines.map((line) => JSON.parse(line) as DevModel)
}

function modelsOf(api: Api): DevModel[] {
  return Object.entries(api).flatMap(([provider, { models = {} }]) =>
    Object.values(models).map((model) => ({ ...model, provider })),
  )
}

const STATUS: Readonly<Record<string, Facts['status']>> = {
  alpha: 'preview',
  beta: 'preview',
  deprecated: 'deprecated',
}

function factsOf(provider: string, model: DevModel): Facts {
  const { limit, modalities, reasoning_options: options = [], interleaved } = model
  const budget = options.find(({ type }) => type === 'budget_tokens')
  const efforts = options.find(({ type }) => type === 'effort')?.values
  const canSwitch = options.some(({ type }) => type === 'toggle') || efforts?.includes('none') === true
  return {
    provider,
    id: model.id,
    name: model.name,
    contextWindow: positive(limit?.context),
    maxOutput: positive(limit?.output),
    maxInput: positive(limit?.input),
    inputModalities: modalities?.input,
    outputModalities: modalities?.output,
    tools: model.tool_call,
    jsonSchema: model.structured_output,
    reasoning: model.reasoning,
    efforts,
    thinkingBudget: budget === undefined ? undefined : [budget.min ?? null, budget.max ?? null],
    thinkingOff: canSwitch ? true : undefined,
    refused: model.temperature === false ? ['temperature'] : undefined,
    prices: model.cost === undefined ? undefined : [pricesOf(model.cost)],
    status: STATUS[model.status ?? ''],
    family: model.family,
    knowledge: model.knowledge,
    releasedOn: model.release_date,
    replayField: interleaved === true ? true : interleaved?.field,
  }
}

// The source writes 0 for what it does not know.
function positive(tokens: number | undefined): number | undefined {
  return tokens === undefined || tokens <= 0 ? undefined : tokens
}

function pricesOf(cost: Cost): ModelPrices {
  const { tiers = [], context_over_200k: over } = cost
  const known = tiers.map((tier) => ({ overTokens: tier.tier.size, ...tokenPrices(tier) }))
  if (known.length === 0 && over !== undefined) known.push({ overTokens: 200_000, ...tokenPrices(over) })
  return { ...tokenPrices(cost), tiers: known.length === 0 ? undefined : known }
}

// A cache price of 0 beside a price of input means that the source has none.
function tokenPrices(cost: Cost): TokenPrices {
  const paid = (cost.input ?? 0) > 0
  const cache = (price: number | undefined): number | undefined => (paid && price === 0 ? undefined : price)
  const write = cache(cost.cache_write)
  return {
    input: cost.input,
    output: cost.output,
    reasoning: cost.reasoning,
    cacheRead: cache(cost.cache_read),
    cacheWrite: write === undefined ? undefined : { default: write },
    inputAudio: cost.input_audio,
    outputAudio: cost.output_audio,
  }
}
