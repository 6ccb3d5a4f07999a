import type { Call } from '../core/call.ts'
import type { EmbeddingApi, EmbedResponse } from '../core/embedding.ts'
import { LlmError } from '../core/error.ts'
import { applyUnsupportedPolicy } from '../core/params.ts'
import type { EmbedRequest } from '../core/request.ts'
import type { Usage, Warning } from '../core/response.ts'
import { estimateUsage } from '../observability/index.ts'
import { createCall, type OrchestratorContext, type RunningCall } from '../orchestrator/create-call.ts'
import { requestJson, type JsonResult } from '../exchange/json-request.ts'

type Vectors = ReturnType<EmbeddingApi['parse']>
type Run = (call: RunningCall) => Promise<unknown>

/** Turns texts into vectors: batches of the provider's size, order kept, usage summed. */
export async function embed(
  host: OrchestratorContext,
  request: EmbedRequest,
  run: Run,
): Promise<EmbedResponse> {
  const inputs = typeof request.input === 'string' ? [request.input] : request.input
  const target = host.registry.resolve(request)
  const api = embeddingsOf(target)
  const warnings: Warning[] = []
  const replies: JsonResult<Vectors>[] = []
  for (let from = 0; from < inputs.length; from += api.maxBatch) {
    const batch = inputs.slice(from, from + api.maxBatch)
    const call = openBatch({ host, request, api, batch, warnings: from === 0 ? warnings : [] })
    const reply = (await run(call)) as JsonResult<Vectors>
    if (reply.value.vectors.length < batch.length) {
      const message = `${target.provider} (${target.model}): ${reply.value.vectors.length} vectors came for ${batch.length} inputs`
      throw new LlmError('reply-malformed', message, { provider: target.provider, model: target.model })
    }
    replies.push(reply)
  }
  const embeddings = replies.flatMap((reply) => reply.value.vectors)
  const usages = replies.map((reply) => reply.snapshot().usage)
  const last = replies.at(-1) as JsonResult<Vectors>
  return {
    provider: last.provider,
    model: last.model,
    embeddings,
    embedding: embeddings[0] ?? [],
    usage: sumUsage(usages),
    warnings: applyUnsupportedPolicy(
      warnings,
      request.onUnsupported ?? host.options.onUnsupported ?? 'warn',
      target,
    ),
    attempts: replies.flatMap((reply) => reply.attempts),
  }
}

function embeddingsOf(target: Call['target']): EmbeddingApi {
  const { definition, dialect, provider, model } = target
  const api = definition.embeddings === undefined ? dialect.embeddings : definition.embeddings
  if (api !== undefined && api !== null) return api
  const message = `provider "${provider}" has no embeddings endpoint that is known here; choose another provider`
  throw new LlmError('unsupported', message, { provider, model })
}

interface Batch {
  readonly host: OrchestratorContext
  readonly request: EmbedRequest
  readonly api: EmbeddingApi
  readonly batch: readonly string[]
  readonly warnings: Warning[]
}

function openBatch({ host, request, api, batch, warnings }: Batch): RunningCall {
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
      usage: ({ usage }) => wholeUsage(usage) ?? { ...estimateUsage(messages, ''), outputTokens: 0 },
    })
  }
  return createCall(host, request, { messages, settings: {}, stream: false, exchange })
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
