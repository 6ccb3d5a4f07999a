import type { Call } from '../core/call.ts'
import type { LlmError } from '../core/error.ts'
import { ownHistory } from '../core/history.ts'
import { mergeInto, type JsonDraft } from '../core/json.ts'
import { applyParams, applyUnsupportedPolicy } from '../core/params.ts'
import type { Warning } from '../core/response.ts'
import { adaptToModel } from '../core/adapt-to-model.ts'
import type { HttpRequest } from '../core/wire.ts'
import { resolveEndpoint, type Endpoint } from './resolve-endpoint.ts'
import { Attempt } from './attempt.ts'
import { openResponseBody } from './response-body.ts'
import { HttpResponseStream } from './http-response-stream.ts'

/** Makes one attempt of a chat call. Resolves when the first content has arrived. Rejects with the error that came before it. */
export async function exchangeChat(asked: Call): Promise<HttpResponseStream> {
  const call = asked.stream && asked.target.capabilities.streams === false ? wholeCall(asked) : asked
  const { body, warnings } = renderChatBody(call)
  const found = resolveEndpoint(call)
  // Awaited only if it is a promise, because most keys are known without one.
  const endpoint = found instanceof Promise ? await found : found
  const attempt = new Attempt(call, endpoint)
  try {
    const response = await attempt.send(requestOf(endpoint, body))
    const opened = await openResponseBody(call, response)
    const reply = new HttpResponseStream({ call, attempt, warnings, body: opened })
    attempt.onFail = failureHandler(reply)
    if (!reply.committed) await reply.commit()
    return reply
  } catch (error) {
    attempt.close()
    throw attempt.explain(error)
  }
}

function wholeCall(call: Call): Call {
  const message = `the reply of ${call.target.model} comes in one piece: the model does not stream`
  return { ...call, stream: false, warnings: [...(call.warnings ?? []), { type: 'unsupported', message }] }
}

// Defined outside the exchange, because a closure there would keep the whole request in memory while the response streams.
function failureHandler(reply: HttpResponseStream): (error: LlmError) => void {
  return (error) => reply.fail(error)
}

/** Renders the body of a chat call, with warnings. Throws `unsupported` if `onUnsupported: 'error'` refuses a setting, or the error of a history that cannot be rendered. */
export function renderChatBody(call: Call): { body: JsonDraft; warnings: readonly Warning[] } {
  const { target, stream } = call
  const { provider, model, dialect, params, quirks } = target
  const { messages, settings, warnings } = adaptToModel(call, target)
  if (call.warnings !== undefined) warnings.unshift(...call.warnings)
  const body: JsonDraft = target.body === undefined ? {} : structuredClone(target.body)
  warnings.push(...applyParams(settings, { provider, model, params, quirks, encode: dialect.encode }, body))
  dialect.render({ model, messages: ownHistory(messages, target), settings, stream, quirks, warnings }, body)
  if (target.definition.paths?.chat.includes('{model}') === true) delete body['model']
  const kept = applyUnsupportedPolicy(warnings, call.onUnsupported, target)
  if (call.extraBody !== undefined) mergeInto(body, call.extraBody)
  return { body, warnings: kept }
}

function requestOf({ chatUrl, headers }: Endpoint, body: JsonDraft): HttpRequest {
  return { url: chatUrl, method: 'POST', headers, body: JSON.stringify(body) }
}
