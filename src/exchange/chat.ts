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

/** One try of one target: renders, sends, and reads to the commit point. Rejects with what went wrong before it. */
export async function exchangeChat(call: Call): Promise<HttpResponseStream> {
  const { body, warnings } = renderBody(call)
  const found = resolveEndpoint(call)
  // Awaited only if a function has to be called: most keys are at hand.
  const endpoint = found instanceof Promise ? await found : found
  const attempt = new Attempt(call, endpoint)
  try {
    const answer = await attempt.send(requestOf(endpoint, body))
    const opened = await openResponseBody(call, answer)
    const reply = new HttpResponseStream({ call, attempt, warnings, body: opened })
    attempt.onFail = failing(reply)
    if (!reply.committed) await reply.commit()
    return reply
  } catch (error) {
    attempt.close()
    throw attempt.explain(error)
  }
}

// Apart from the exchange: a function made there would hold the whole request for as long as the answer lasts.
function failing(reply: HttpResponseStream): (error: LlmError) => void {
  return (error) => reply.fail(error)
}

// Throws before anything is sent: a setting refused by `onUnsupported: 'error'`, a history that cannot be written.
function renderBody(call: Call): { body: JsonDraft; warnings: readonly Warning[] } {
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
