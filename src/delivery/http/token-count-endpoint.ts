import { estimateTokens, estimateUsage } from '../../observability/index.ts'
import type { Gateway } from './gateway.ts'
import { Fields } from './fields.ts'
import { jsonResponse, type Visit } from './guards/index.ts'
import { readMessagesBody } from './messages-body.ts'

/** Serves `/v1/messages/count_tokens`: an estimate, for nobody is asked. */
export async function serveTokenCount({ names }: Gateway, visit: Visit): Promise<Response> {
  const body = new Fields(await visit.json())
  const { model, request } = readMessagesBody(body, (name) => names.originOf(name))
  body.check()
  names.find(model, visit.access)
  const { admitRequest } = await import('../../core/door.ts')
  const { messages, settings } = admitRequest(request)
  const { tools = [] } = settings
  const described = tools.length === 0 ? 0 : estimateTokens(JSON.stringify(tools))
  return jsonResponse({ input_tokens: estimateUsage(messages, '').inputTokens + described })
}
