import type { Call } from '../core/call.ts'
import { mergeInto, type JsonDraft } from '../core/json.ts'
import { applyParams, judgeWarnings } from '../core/params.ts'
import type { Warning } from '../core/response.ts'
import type { WireRequest } from '../core/wire.ts'
import { resolveAccess, type Access } from './access.ts'
import { Attempt } from './attempt.ts'
import { openBody } from './body.ts'
import { WireReply } from './reply.ts'

/** One try of one target: renders, sends, and reads to the commit point. Rejects with what went wrong before it. */
export async function exchange(call: Call): Promise<WireReply> {
  const { request, warnings, access } = await prepare(call)
  const attempt = new Attempt(call, access)
  try {
    const answer = await attempt.send(request)
    const opened = await openBody(call, answer)
    const reply = new WireReply({ call, attempt, warnings, ...opened })
    attempt.onFail = (error) => reply.fail(error)
    await reply.commit()
    return reply
  } catch (error) {
    attempt.close()
    throw attempt.explain(error)
  }
}

/** A call as a wire request. Throws before anything is sent: a missing key, a setting refused by `onUnsupported: 'error'`. */
export async function prepare(
  call: Call,
): Promise<{ request: WireRequest; warnings: readonly Warning[]; access: Access }> {
  const { target, settings, messages, stream } = call
  const { dialect, model, quirks } = target
  const body: JsonDraft = {}
  const warnings = applyParams(settings, { ...target, encode: dialect.encode }, body)
  dialect.render({ model, messages, settings, stream, quirks, warnings }, body)
  const kept = judgeWarnings(warnings, call.onUnsupported, target)
  if (call.extraBody !== undefined) mergeInto(body, call.extraBody)
  const access = await resolveAccess(call)
  const { baseUrl, headers } = access
  const url = baseUrl + dialect.endpoint({ model, stream, quirks })
  return { request: { url, method: 'POST', headers, body: JSON.stringify(body) }, warnings: kept, access }
}
