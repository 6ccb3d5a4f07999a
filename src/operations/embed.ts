import type { Call } from '../core/call.ts'
import type { EmbeddingApi, EmbedResponse } from '../core/embedding.ts'
import { LlmError } from '../core/error.ts'
import { loaded, type Loadable } from '../core/lazy.ts'
import { applyUnsupportedPolicy } from '../core/params.ts'
import type { Target } from '../core/registry.ts'
import { checkEmbedRequest } from './request-schemas.ts'
import type { EmbedRequest } from '../core/request.ts'
import type { Usage, Warning } from '../core/response.ts'
import { estimateUsage } from '../core/tokens.ts'
import { requestJson, type JsonResult } from '../exchange/index.ts'
import type { Operation, OperationContext, RunningCall } from '../orchestrator/index.ts'

type Vectors = ReturnType<EmbeddingApi['parse']>

/**
 * Embeds texts in batches of the provider's maximum size. Keeps their order and sums the usage. Rejects with `unsupported` if
 * the provider has no embeddings.
 */
export const embed: Operation<EmbedRequest, EmbedResponse> = {
  name: 'embed',
  run: async (context, input) => {
    const request = context.withDefaultProvider(checkEmbedRequest(input))
    const inputs = typeof request.input === 'string' ? [request.input] : request.input
    const target = context.resolve(request)
    const api = await loaded(embeddingsOf(target))
    const warnings: Warning[] = []
    const results: JsonResult<Vectors>[] = []
    for (let from = 0; from < inputs.length; from += api.maxBatch) {
      const batch = inputs.slice(from, from + api.maxBatch)
      const call = createBatch({ context, request, api, batch, warnings: from === 0 ? warnings : [] })
      const result = (await context.start(call)) as JsonResult<Vectors>
      if (result.value.vectors.length < batch.length)
        throw tooFewVectors(target, result.value.vectors.length, batch)
      results.push(result)
    }
    const policy = request.onUnsupported ?? context.onUnsupported
    return responseOf(results, applyUnsupportedPolicy(warnings, policy, target))
  },
}

function responseOf(results: readonly JsonResult<Vectors>[], warnings: readonly Warning[]): EmbedResponse {
  const embeddings = results.flatMap(({ value }) => value.vectors)
  const { provider, model } = results.at(-1) as JsonResult<Vectors>
  return {
    provider,
    model,
    embeddings,
    embedding: embeddings[0] ?? [],
    usage: sumUsage(results.map((result) => result.snapshot().usage)),
    warnings,
    attempts: results.flatMap(({ attempts }) => attempts),
  }
}

function tooFewVectors({ provider, model }: Target, count: number, batch: readonly string[]): LlmError {
  const message = `${provider} (${model}): the provider returned ${count} vectors for ${batch.length} inputs`
  return new LlmError('reply-malformed', message, { provider, model })
}

function embeddingsOf(target: Target): Loadable<EmbeddingApi> {
  const { definition, dialect, provider, model } = target
  const api = definition.embeddings === undefined ? dialect.embeddings : definition.embeddings
  if (api !== undefined && api !== null) return api
  const message = `provider "${provider}" has no embeddings endpoint; choose another provider`
  throw new LlmError('unsupported', message, { provider, model })
}

interface Batch {
  readonly context: OperationContext
  readonly request: EmbedRequest
  readonly api: EmbeddingApi
  readonly batch: readonly string[]
  readonly warnings: Warning[]
}

function createBatch({ context, request, api, batch, warnings }: Batch): RunningCall {
  const messages = batch.map((content) => ({ role: 'user' as const, content }))
  const { dimensions, purpose, user } = request
  const warn = (setting: string, why: string): void => {
    warnings.push({ type: 'unsupported', setting, message: `${setting} was not sent: ${why}` })
  }
  const exchange = (call: Call): Promise<JsonResult<Vectors>> => {
    const { model } = call.target
    const body = api.render({ model, inputs: batch, dimensions, purpose, user, warn })
    applyUnsupportedPolicy(warnings, call.onUnsupported, call.target)
    return requestJson(call, {
      method: 'POST',
      endpoint: api.endpoint(model),
      body,
      read: (reply) => api.parse(reply),
      usage: ({ usage }) =>
        wholeUsage(usage) ?? { ...estimateUsage(messages, '', call.estimateTokens), outputTokens: 0 },
    })
  }
  return context.createCall(request, {
    operation: 'embed',
    messages,
    settings: {},
    stream: false,
    exchange,
  })
}

function wholeUsage(usage: Partial<Usage> | undefined): Usage | undefined {
  if (usage?.inputTokens === undefined) return undefined
  const { inputTokens, outputTokens = 0, totalTokens = inputTokens + outputTokens } = usage
  return { ...usage, inputTokens, outputTokens, totalTokens }
}

function sumUsage(usages: readonly Usage[]): Usage {
  const sum = (pick: (usage: Usage) => number): number =>
    usages.reduce((total, usage) => total + pick(usage), 0)
  const estimated = usages.some((usage) => usage.estimated === true) ? { estimated: true } : undefined
  return {
    inputTokens: sum((usage) => usage.inputTokens),
    outputTokens: sum((usage) => usage.outputTokens),
    totalTokens: sum((usage) => usage.totalTokens),
    ...estimated,
  }
}
