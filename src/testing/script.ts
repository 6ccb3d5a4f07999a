import { LlmError } from '../core/error.ts'
import { isObject } from '../core/json.ts'
import { checkOptions } from '../core/options.ts'
import { kind, problem, type Field } from '../core/schema.ts'
import { FakeHttpError } from './fake-error.ts'
import { replySchema, type FakeReply } from './reply.ts'
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
  if (isReplies(given)) for (const [index, reply] of given.entries()) checkReply(reply, `script.${index}`)
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
    checkReply(reply, 'reply')
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

/** The field of {@link FakeScript}. */
export const scriptField: Field = kind(
  'a reply, a list of replies, or a function that returns one',
  (value) =>
    typeof value === 'function' || typeof value === 'string' || isObject(value) || Array.isArray(value),
)

function checkReply(reply: unknown, where: string): void {
  if (typeof reply === 'string') return
  if (!isObject(reply)) throw wrong(where, problem('text, or a reply such as { text: "Hello" }', reply))
  checkOptions('fake provider', replySchema, reply, where)
}

function wrong(where: string, message: string): LlmError {
  return new LlmError('misconfigured', `fake provider: ${where} ${message}`, {
    issues: [{ path: where, message }],
  })
}
