import { LlmError } from '../core/error.ts'
import { isObject } from '../core/json.ts'
import { FakeHttpError } from './fake-error.ts'
import type { FakeReply } from './reply.ts'
import type { FakeRequest } from './request.ts'

/** A reply. A string is a reply with that text. */
export type ScriptedReply = string | FakeReply

/**
 * What the fake model answers. One reply answers every call. Of a list, each call takes the next reply, and a call beyond
 * its end is rejected. A function is called with each request and returns the reply.
 */
export type FakeScript =
  | ScriptedReply
  | readonly ScriptedReply[]
  | ((request: FakeRequest) => ScriptedReply | Promise<ScriptedReply>)

/**
 * Checks a script and freezes it, so that a misspelt field fails at its definition. Optional, because every function that
 * takes a script checks it. Throws `misconfigured`.
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

/** Returns the scripted reply to each request. */
export interface ScriptPlayer {
  /** Rejects with a `FakeHttpError` if the script has no reply left, or throws. */
  next(request: FakeRequest): Promise<FakeReply>
}

/** Starts a script at its first reply. */
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

// A status that clients do not retry.
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
  if (!isObject(reply)) throw wrong(where, 'must be a string or an object such as { text: "Hello" }')
  const unknown = Object.keys(reply).find((name) => !(name in FIELDS))
  if (unknown !== undefined)
    throw wrong(where, `unknown field "${unknown}"; known: ${Object.keys(FIELDS).join(', ')}`)
  for (const name of ['chunks', 'packetBytes'] as const) {
    const count = reply[name]
    const isCount = typeof count === 'number' && Number.isInteger(count) && count >= 1
    if (count !== undefined && !isCount && !(name === 'chunks' && count === 'words'))
      throw wrong(`${where}.${name}`, 'must be a whole number of 1 or more')
  }
}

function wrong(where: string, problem: string): LlmError {
  const message = `${where}: ${problem}`
  return new LlmError('misconfigured', message, { issues: [{ path: where, message: problem }] })
}
