import { parseRequest } from '../../core/parse-request.ts'
import { estimateCall } from '../../core/tokens.ts'
import { messagesProtocol } from './chat-protocols.ts'
import type { EndpointContext } from './endpoint-context.ts'
import { JsonReader } from '../../protocols/index.ts'
import { jsonResponse, type GuardedRequest } from './guards/index.ts'

/** Serves `/v1/messages/count_tokens` with an estimate, because no provider is called. */
export async function serveTokenCount(
  { names, orchestrator }: EndpointContext,
  guarded: GuardedRequest,
): Promise<Response> {
  const body = new JsonReader(await guarded.json())
  const { params } = messagesProtocol
  const originOf = (name: string): string | undefined => names.originOf(name)
  const { model, request } = messagesProtocol.readBody(body, { params, originOf })
  body.check()
  names.find(model, guarded.access)
  const { messages, settings } = parseRequest(request)
  const { estimateTokens } = orchestrator
  return jsonResponse({ input_tokens: estimateCall({ messages, settings, estimateTokens }, '').inputTokens })
}
