import type { Call } from '../core/call.ts'
import type { LlmError } from '../core/error.ts'
import { ownHistory } from '../core/history.ts'
import { mergeInto, type JsonDraft } from '../core/json.ts'
import { applyParams, judgeWarnings } from '../core/params.ts'
import type { Warning } from '../core/response.ts'
import { fitTraits } from '../core/traits.ts'
import type { WireRequest } from '../core/wire.ts'
import { resolveAccess, type Access } from './access.ts'
import { addressOf, chatPath } from './address.ts'
import { Attempt } from './attempt.ts'
import { openBody } from './body.ts'
import { WireReply } from './reply.ts'

/** One try of one target: renders, sends, and reads to the commit point. Rejects with what went wrong before it. */
export async function exchange(call: Call): Promise<WireReply> {
  const { body, warnings } = renderBody(call)
  const found = resolveAccess(call)
  // Waited for only where something had to be asked for: most keys are at hand.
  const access = found instanceof Promise ? await found : found
  const attempt = new Attempt(call, access)
  try {
    const answer = await attempt.send(requestOf(call, access, body))
    const opened = await openBody(call, answer)
    const reply = new WireReply({ call, attempt, warnings, body: opened })
    attempt.onFail = failing(reply)
    if (!reply.committed) await reply.commit()
    return reply
  } catch (error) {
    attempt.close()
    throw attempt.explain(error)
  }
}

// Apart from the exchange: a function made there would hold the whole request for as long as the answer lasts.
function failing(reply: WireReply): (error: LlmError) => void {
  return (error) => reply.fail(error)
}

// Throws before anything is sent: a setting refused by `onUnsupported: 'error'`, a history that cannot be written.
function renderBody(call: Call): { body: JsonDraft; warnings: readonly Warning[] } {
  const { target, stream } = call
  const { provider, model, dialect, params, quirks } = target
  const { messages, settings, warnings } = fitTraits(call, target)
  const body: JsonDraft = target.body === undefined ? {} : structuredClone(target.body)
  warnings.push(...applyParams(settings, { provider, model, params, quirks, encode: dialect.encode }, body))
  dialect.render({ model, messages: ownHistory(messages, target), settings, stream, quirks, warnings }, body)
  if (target.definition.paths?.chat.includes('{model}') === true) delete body['model']
  const kept = judgeWarnings(warnings, call.onUnsupported, target)
  if (call.extraBody !== undefined) mergeInto(body, call.extraBody)
  return { body, warnings: kept }
}

function requestOf(call: Call, { baseUrl, headers }: Access, body: JsonDraft): WireRequest {
  const url = addressOf(call, baseUrl, chatPath(call.target, call.stream))
  return { url, method: 'POST', headers, body: JSON.stringify(body) }
}
