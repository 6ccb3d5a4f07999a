import type { TokenPrices } from '../../src/core/model-facts.ts'
import { providerOf, type Facts, type Found } from './draft.ts'

type Entry = Readonly<Record<string, unknown>>

/** Reads LiteLLM's `model_prices_and_context_window.json`, whose prices are USD per token. */
export function readLitellm(text: string, asOf: string): Found {
  const map = JSON.parse(text) as Readonly<Record<string, Entry>>
  const facts = Object.entries(map).flatMap(([key, entry]) => {
    const provider = key === 'sample_spec' ? undefined : providerOf(String(entry['litellm_provider']))
    return provider === undefined
      ? []
      : [factsOf(provider, idOf(key, String(entry['litellm_provider'])), entry)]
  })
  return { source: { name: 'LiteLLM', asOf }, facts }
}

// Keys begin with LiteLLM's name of the provider, which is no part of the id.
function idOf(key: string, name: string): string {
  return key.startsWith(`${name}/`) ? key.slice(name.length + 1) : key
}

function factsOf(provider: string, id: string, entry: Entry): Facts {
  const over = tokenPrices(entry, '_above_200k_tokens')
  const tiers = over.input === undefined ? undefined : [{ overTokens: 200_000, ...over }]
  return {
    provider,
    id,
    contextWindow: number(entry['max_input_tokens']),
    maxOutput: number(entry['max_output_tokens']),
    tools: flag(entry['supports_function_calling']),
    jsonSchema: flag(entry['supports_response_schema']),
    reasoning: flag(entry['supports_reasoning']),
    retiresOn: typeof entry['deprecation_date'] === 'string' ? entry['deprecation_date'] : undefined,
    prices: [{ ...tokenPrices(entry, ''), tiers }],
  }
}

function tokenPrices(entry: Entry, suffix: string): TokenPrices {
  const price = (name: string): number | undefined => {
    const perToken = number(entry[`${name}${suffix}`])
    return perToken === undefined ? undefined : Number((perToken * 1_000_000).toPrecision(12))
  }
  const write = price('cache_creation_input_token_cost')
  const hour = number(entry['cache_creation_input_token_cost_above_1hr'])
  const perMillion = hour === undefined || suffix !== '' ? undefined : hour * 1_000_000
  return {
    input: price('input_cost_per_token'),
    output: price('output_cost_per_token'),
    reasoning: price('output_cost_per_reasoning_token'),
    cacheRead: price('cache_read_input_token_cost'),
    cacheWrite: write === undefined ? undefined : { default: write, '1h': perMillion },
    inputAudio: price('input_cost_per_audio_token'),
  }
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function flag(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}
