import type { Call } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import type { JsonObject } from '../core/json.ts'
import { loaded, type Loadable } from '../core/lazy.ts'
import type { ModerateResponse, ModerationApi, ModerationResult } from '../core/moderation.ts'
import { checkModerateRequest } from './request-schemas.ts'
import type { ModerateRequest } from '../core/request.ts'
import { requestJson, type JsonResult } from '../exchange/index.ts'
import type { Operation, OperationContext } from '../orchestrator/index.ts'

/** Sends texts to the moderation endpoint of a provider. Rejects with `unsupported` if the provider has none. */
export const moderate: Operation<ModerateRequest, ModerateResponse> = {
  name: 'moderate',
  run: async (context, input) => {
    const request = context.withDefaultProvider(checkModerateRequest(input))
    const inputs = typeof request.input === 'string' ? [request.input] : request.input
    const api = await loaded(apiOf(context, request))
    const exchange = (call: Call): Promise<JsonResult<readonly ModerationResult[]>> =>
      requestJson(call, {
        method: 'POST',
        endpoint: api.endpoint,
        body: api.render(call.target.model, inputs),
        read: (reply) => api.parse(reply as JsonObject),
      })
    const call = context.createCall(
      { ...request, model: request.model ?? api.defaultModel },
      {
        operation: 'moderate',
        messages: inputs.map((content) => ({ role: 'user', content })),
        settings: {},
        stream: false,
        exchange,
      },
    )
    const result = (await context.start(call)) as JsonResult<readonly ModerationResult[]>
    const { provider, model, value: results, attempts } = result
    return { provider, model, flagged: results.some(({ flagged }) => flagged), results, attempts }
  },
}

function apiOf(context: OperationContext, request: ModerateRequest): Loadable<ModerationApi> {
  const { definition, dialect, provider } = context.resolve({
    ...request,
    model: request.model ?? '*',
    api: request.api ?? '',
  })
  const api = definition.moderation === undefined ? dialect.moderation : definition.moderation
  if (api !== undefined && api !== null) return api
  throw new LlmError(
    'unsupported',
    `provider "${provider}" has no moderation endpoint; choose another provider`,
    { provider },
  )
}
