import type { Call } from '../core/call.ts'
import type { LlmError } from '../core/error.ts'
import { wellFormedJson } from '../core/fit/well-formed.ts'
import type { JsonDraft } from '../core/json.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { HttpRequest } from '../core/wire.ts'
import { resolveEndpoint, type Endpoint } from './resolve-endpoint.ts'
import { Attempt } from './attempt.ts'
import { renderRequest, type RenderedRequest } from './render-request.ts'
import { openResponseBody } from './response-body.ts'
import { recordRaw } from './raw-exchange.ts'
import { HttpResponseStream } from './http-response-stream.ts'

/** Makes one attempt of a chat call. Resolves when the first content has arrived. Rejects with the error that came before it. */
export async function exchangeChat(call: Call): Promise<ResponseStream> {
  const reply = await exchangeOnce(call)
  return call.target.dialect.follow?.(call, reply, exchangeOnce) ?? reply
}

async function exchangeOnce(call: Call): Promise<HttpResponseStream> {
  const { body, warnings, toolNames, headers } = renderRequest(call)
  const found = resolveEndpoint(call)
  // Awaited only if it is a promise, because most keys are known without one.
  const endpoint = found instanceof Promise ? await found : found
  const attempt = new Attempt(call, endpoint)
  try {
    const request = requestOf(endpoint, body, headers)
    const given = await attempt.send(request)
    const recorded =
      call.include?.includes('raw') === true ? recordRaw(request, given, endpoint.secrets) : undefined
    const opened = await openResponseBody(call, recorded?.response ?? given)
    const raw = recorded?.raw
    const reply = new HttpResponseStream({ call, attempt, warnings, toolNames, body: opened, raw })
    attempt.onFail = failureHandler(reply)
    if (!reply.committed) await reply.commit()
    return reply
  } catch (error) {
    attempt.close()
    throw attempt.explain(error)
  }
}

// Defined outside the exchange, because a closure there would keep the whole request in memory while the response streams.
function failureHandler(reply: HttpResponseStream): (error: LlmError) => void {
  return (error) => reply.fail(error)
}

function requestOf(
  { chatUrl, headers: known }: Endpoint,
  body: JsonDraft,
  more: RenderedRequest['headers'],
): HttpRequest {
  const headers: Record<string, string> = more === undefined ? known : { ...known }
  // A header of a list, such as of features, may come from both.
  for (const name in more)
    headers[name] = headers[name] === undefined ? (more[name] as string) : `${headers[name]},${more[name]}`
  return { url: chatUrl, method: 'POST', headers, body: wellFormedJson(JSON.stringify(body)) }
}
