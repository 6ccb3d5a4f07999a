import type { Call } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import { loaded } from '../core/lazy.ts'
import { parseRequest } from '../core/parse-request.ts'
import type { Target } from '../core/registry.ts'
import type { ChatRequest } from '../core/request.ts'
import type { TokenCount, TokenCountApi } from '../core/token-count.ts'
import { estimateCall } from '../core/tokens.ts'
import { renderRequest, requestJson, withFunctions, type JsonResult } from '../exchange/index.ts'
import type { Operation, OperationContext } from '../orchestrator/index.ts'

/** Counts the input tokens of a chat request: by the vendor's endpoint if it has one, or else by the estimator. */
export const countTokens: Operation<ChatRequest, TokenCount> = {
  name: 'count-tokens',
  run: async (context, input) => {
    const { request, messages, settings } = parseRequest(input)
    const counted = withCountingApi(context, context.withDefaults({ ...request, stream: undefined }))
    const target = context.resolve(counted)
    const { tokenCount } = target.definition
    const api = tokenCount && (await loaded(tokenCount))
    const call = context.createCall(counted, {
      operation: 'count-tokens',
      messages,
      settings,
      stream: false,
      exchange: (running) => countBy(running, api as TokenCountApi),
    })
    if (api === undefined || api === null) {
      call.scope.release()
      return estimate(call)
    }
    const { value, provider, model, attempts } = (await context.start(call)) as JsonResult<number>
    return { provider, model, inputTokens: value, estimated: false, attempts }
  },
}

// A vendor may count in another format than that of its chat.
function withCountingApi(context: OperationContext, request: ChatRequest): ChatRequest {
  const { definition } = context.resolve(request)
  if (request.api !== undefined || definition.tokenCount !== undefined) return request
  const other = Object.entries(definition.apis ?? {}).find(([, api]) => api.tokenCount !== undefined)
  const isVendors = request.baseUrl === undefined && other !== undefined
  return isVendors ? { ...request, api: other[0] } : request
}

async function countBy(call: Call, api: TokenCountApi): Promise<JsonResult<number>> {
  const { model } = call.target
  const { body } = renderRequest(await withFunctions(call))
  return requestJson(call, {
    method: 'POST',
    endpoint: api.endpoint(model),
    body: api.render(body, model),
    read: (reply) => {
      const tokens = api.parse(reply)
      if (tokens !== undefined) return tokens
      throw new LlmError('reply-malformed', 'the reply has no number of tokens')
    },
  })
}

function estimate(call: Call): TokenCount {
  const { provider, model }: Target = call.target
  const { inputTokens } = estimateCall(call, '')
  return { provider, model, inputTokens, estimated: true, attempts: [] }
}
