import { listOf, numberOf, objectOf, textOf } from '../../core/json.ts'
import type { ModelInfo, ModelListApi } from '../../core/model-list.ts'
import { modelListOf, readModel } from './models.ts'

/** A model list that also tells capabilities or prices, as those of Mistral and OpenRouter do. */
export const detailedModelList: ModelListApi = /* @__PURE__ */ modelListOf(readDetails)

function readDetails(item: unknown): ModelInfo {
  const model = objectOf(item)
  const has = (name: string): boolean | undefined => {
    const value = objectOf(model['capabilities'])[name]
    return typeof value === 'boolean' ? value : undefined
  }
  const { input_modalities: input, output_modalities: output } = objectOf(model['architecture'])
  const common = readModel(item)
  return {
    ...common,
    contextWindow: common.contextWindow ?? numberOf(model['max_context_length']),
    inputModalities: wordsOf(input) ?? (has('vision') === true ? ['text', 'image'] : undefined),
    outputModalities: wordsOf(output),
    tools: has('function_calling'),
    reasoning: has('reasoning'),
    efforts: wordsOf(objectOf(model['reasoning'])['supported_efforts']),
    prices: readPrices(objectOf(model['pricing'])),
    retiresOn: dayOf(model['expiration_date'] ?? model['deprecation']),
  }
}

function wordsOf(list: unknown): readonly string[] | undefined {
  const words = listOf(list).flatMap((word) => textOf(word) ?? [])
  return words.length === 0 ? undefined : words
}

// A day, a time, or seconds since 1970.
function dayOf(time: unknown): string | undefined {
  const seconds = numberOf(time)
  if (seconds === undefined) return textOf(time)?.slice(0, 10)
  return seconds < 1e11 ? new Date(seconds * 1_000).toISOString().slice(0, 10) : undefined
}

// Texts in USD per token.
function readPrices(pricing: Readonly<Record<string, unknown>>): ModelInfo['prices'] {
  const price = (name: string, per = 1_000_000): number | undefined => {
    const value = Number(textOf(pricing[name]) ?? Number.NaN)
    return value >= 0 ? Number((value * per).toPrecision(12)) : undefined
  }
  const input = price('prompt')
  if (input === undefined) return undefined
  const write = price('input_cache_write')
  const prices = {
    input,
    output: price('completion'),
    cacheRead: price('input_cache_read'),
    cacheWrite: write === undefined ? undefined : { default: write },
    perSearch: price('web_search', 1),
  }
  return [prices]
}
