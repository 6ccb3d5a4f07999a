import { estimateTokens, estimateUsage } from '../../core/tokens.ts'
import type { EndpointContext } from './endpoint-context.ts'
import { JsonReader } from './json-reader.ts'
import { jsonResponse, type GuardedRequest } from './guards/index.ts'
import { readMessagesBody } from './messages-body.ts'

/** Serves `/v1/messages/count_tokens`: an estimate, for nobody is asked. */
export async function serveTokenCount({ names }: EndpointContext, visit: GuardedRequest): Promise<Response> {
  const body = new JsonReader(await visit.json())
  const { model, request } = readMessagesBody(body, (name) => names.originOf(name))
  body.check()
  names.find(model, visit.access)
  const { parseRequest: admitRequest } = await import('../../core/parse-request.ts')
  const { messages, settings } = admitRequest(request)
  const { tools = [] } = settings
  const described = tools.length === 0 ? 0 : estimateTokens(JSON.stringify(tools))
  return jsonResponse({ input_tokens: estimateUsage(messages, '').inputTokens + described })
}
