import type { Call } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import type { JsonObject } from '../core/json.ts'
import type { ModelInfo, ModelListApi } from '../core/model-list.ts'
import type { ModerateResponse, ModerationResult } from '../core/moderation.ts'
import type { CallOptions, ModerateRequest } from '../core/request.ts'
import { createCall, type OrchestratorContext, type RunningCall } from '../orchestrator/create-call.ts'
import { requestJson, type JsonResult } from '../exchange/json-request.ts'

type Run = (call: RunningCall) => Promise<unknown>

/** Asks a provider's moderation endpoint. */
export async function moderate(
  host: OrchestratorContext,
  request: ModerateRequest,
  run: Run,
): Promise<ModerateResponse> {
  const inputs = typeof request.input === 'string' ? [request.input] : request.input
  const { api, options } = moderationOf(host, request)
  const messages = inputs.map((content) => ({ role: 'user' as const, content }))
  const exchange = (call: Call): Promise<JsonResult<readonly ModerationResult[]>> =>
    requestJson(call, {
      method: 'POST',
      endpoint: api.endpoint,
      body: api.render(call.target.model, inputs),
      read: (reply) => api.parse(reply as JsonObject),
    })
  const call = createCall(host, options, { messages, settings: {}, stream: false, exchange })
  const { provider, model, value, attempts } = (await run(call)) as JsonResult<readonly ModerationResult[]>
  return { provider, model, flagged: value.some((result) => result.flagged), results: value, attempts }
}

function moderationOf(host: OrchestratorContext, request: ModerateRequest) {
  const { definition, dialect, provider } = host.registry.resolve({ ...request, model: request.model ?? '*' })
  const api = definition.moderation === undefined ? dialect.moderation : definition.moderation
  if (api === undefined || api === null) throw lacks(provider, 'moderation endpoint')
  return { api, options: { ...request, model: request.model ?? api.defaultModel } }
}

/** The models that a provider lists, all pages. */
export async function listModels(
  host: OrchestratorContext,
  request: CallOptions,
  run: Run,
): Promise<readonly ModelInfo[]> {
  const options = { ...request, model: request.model ?? '*' }
  const { definition, dialect, provider } = host.registry.resolve(options)
  const api = definition.modelList === undefined ? dialect.models : definition.modelList
  if (api === undefined || api === null) throw lacks(provider, 'list of models')
  const models: ModelInfo[] = []
  let query: string | undefined = ''
  for (let page = 0; query !== undefined && page < MOST_PAGES; page++) {
    const call = createCall(host, options, {
      messages: [],
      settings: {},
      stream: false,
      exchange: pageExchange(api, query),
    })
    const reply = (await run(call)) as JsonResult<ReturnType<ModelListApi['parse']>>
    models.push(...reply.value.models)
    query = reply.value.next
  }
  return models
}

// A list that never ends is a fault of the server, not a reason to read for ever.
const MOST_PAGES = 50

function pageExchange(api: ModelListApi, query: string) {
  const endpoint = `${api.endpoint}${query}`
  return (call: Call) =>
    requestJson(call, { method: 'GET' as const, endpoint, read: (reply) => api.parse(reply) })
}

function lacks(provider: string, what: string): LlmError {
  return new LlmError('unsupported', `provider "${provider}" has no ${what} that is known here`, { provider })
}
