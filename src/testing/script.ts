import { LlmError } from '../core/error.ts'
import { isObject } from '../core/json.ts'
import { FakeHttpError } from './fake-error.ts'
import type { FakeReply } from './reply.ts'
import type { FakeRequest } from './request.ts'

/** A reply; a text alone is a reply with that text. */
export type ScriptedReply = string | FakeReply

/**
 * What the fake model answers. One reply answers every call; of a list, each call takes the next one, and a call too
 * many is refused; a function decides by the request.
 */
export type FakeScript =
  | ScriptedReply
  | readonly ScriptedReply[]
  | ((request: FakeRequest) => ScriptedReply | Promise<ScriptedReply>)

/**
 * Checks a script where it is written, so that a misspelt field fails there. Using it is optional: every function that
 * takes a script checks it too. Throws `misconfigured`.
 *
 * ```ts
 * const weather = script(({ toolResults }) =>
 *   toolResults.length === 0
 *     ? { toolCalls: [{ name: 'get_weather', arguments: { city: 'Oslo' } }] }
 *     : `It is ${toolResults[0]?.text} there.`,
 * )
 * ```
 */
export function script<S extends FakeScript>(given: S): S {
  if (typeof given === 'function') return given
  if (isReplies(given)) for (const [index, reply] of given.entries()) checkReply(reply, `script[${index}]`)
  else checkReply(given, 'script')
  return Object.freeze(given)
}

/** Gives the reply to each request in turn. */
export interface ScriptPlayer {
  /** Rejects with a `Refusal` where the script has no reply, or fails itself. */
  next(request: FakeRequest): Promise<FakeReply>
}

/** Starts a script from its beginning. */
export function playScript(given: FakeScript): ScriptPlayer {
  const checked = script(given)
  let taken = 0
  return {
    next: async (request) => {
      if (typeof checked === 'function') return decide(checked, request)
      if (!isReplies(checked)) return replyOf(checked)
      const reply = checked[taken++]
      if (reply !== undefined) return replyOf(reply)
      throw failed(`the script has ${checked.length} replies, and this is call ${taken}`)
    },
  }
}

async function decide(
  decider: (request: FakeRequest) => ScriptedReply | Promise<ScriptedReply>,
  request: FakeRequest,
): Promise<FakeReply> {
  try {
    const reply = await decider(request)
    checkReply(reply, "the script's reply")
    return replyOf(reply)
  } catch (error) {
    throw failed(`the script failed: ${error instanceof Error ? error.message : String(error)}`)
  }
}

// A status that no client tries again.
function failed(message: string): FakeHttpError {
  return new FakeHttpError({ status: 400, message: `fake provider: ${message}` })
}

function replyOf(reply: ScriptedReply): FakeReply {
  return typeof reply === 'string' ? { text: reply } : reply
}

function isReplies(given: FakeScript): given is readonly ScriptedReply[] {
  return Array.isArray(given)
}

const FIELDS: Readonly<Record<keyof FakeReply, true>> = {
  text: true,
  reasoning: true,
  toolCalls: true,
  citations: true,
  files: true,
  usage: true,
  finishReason: true,
  rawFinishReason: true,
  model: true,
  chunks: true,
  pacing: true,
  packetBytes: true,
  headers: true,
  error: true,
  chaos: true,
  toolDeltas: true,
}

function checkReply(reply: unknown, where: string): void {
  if (typeof reply === 'string') return
  if (!isObject(reply)) throw wrong(where, 'a reply is a text or an object such as { text: "Hello" }')
  const unknown = Object.keys(reply).find((name) => !(name in FIELDS))
  if (unknown !== undefined)
    throw wrong(where, `has no field "${unknown}"; it may have ${Object.keys(FIELDS).join(', ')}`)
  for (const name of ['chunks', 'packetBytes'] as const) {
    const count = reply[name]
    const isCount = typeof count === 'number' && Number.isInteger(count) && count >= 1
    if (count !== undefined && !isCount && !(name === 'chunks' && count === 'words'))
      throw wrong(`${where}.${name}`, 'takes a whole number of 1 or more')
  }
}

function wrong(where: string, problem: string): LlmError {
  const message = `${where}: ${problem}`
  return new LlmError('misconfigured', message, { issues: [{ path: where, message: problem }] })
}
