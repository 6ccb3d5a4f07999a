import { listOf, objectOf, type JsonObject } from '../core/json.ts'
import { FakeHttpError } from './fake-error.ts'
import { isList } from './fake-answer.ts'
import type { FakeReply } from './reply.ts'
import type { FakeRequest } from './request.ts'

/** Checks the signed thoughts of a request, and returns how the thoughts of its reply are signed. */
export type ThoughtBinding = (request: FakeRequest) => (reply: FakeReply) => FakeReply

const CONTROLS = 'thinking-binding-controls-2026-08-01'

/**
 * Creates Claude's documented check: a thought is bound to the instructions, the tools and every message before it. A
 * changed one is a 400, or ignored where the request asks for `drop_block`. Requests of other formats pass.
 */
export function createThoughtBinding(): ThoughtBinding {
  /** What each signature is bound to. */
  const bound = new Map<unknown, string>()
  return ({ dialect, body, headers, call }) => {
    if (dialect !== 'anthropic-messages') return (reply) => reply
    const messages = listOf(body['messages']).map(objectOf)
    const wrong = messages.findIndex((message, at) =>
      thoughtsOf(message).some(({ signature }) => isForeign(bound, signature, prefixOf(body, messages, at))),
    )
    if (wrong >= 0 && !asksToDrop(body, headers)) throw new FakeHttpError(mismatch(wrong))
    const prefix = prefixOf(body, messages, messages.length)
    return (reply) => {
      const { reasoning } = reply
      if (reasoning === undefined) return reply
      const signature = `bound-${call}`
      bound.set(signature, prefix)
      const given = typeof reasoning === 'string' || isList(reasoning) ? { text: reasoning } : reasoning
      return { ...reply, reasoning: { ...given, signature } }
    }
  }
}

/** Whether a signature was made here, for other messages. Those of others are another check's. */
function isForeign(bound: ReadonlyMap<unknown, string>, signature: unknown, prefix: string): boolean {
  return bound.has(signature) && bound.get(signature) !== prefix
}

function asksToDrop(body: JsonObject, headers: FakeRequest['headers']): boolean {
  const { prefix_mismatch_behavior: behavior } = objectOf(objectOf(body['thinking'])['block_binding'])
  return behavior === 'drop_block' && (headers['anthropic-beta'] ?? '').includes(CONTROLS)
}

function mismatch(at: number): ConstructorParameters<typeof FakeHttpError>[0] {
  const message = `messages.${at}.content.0: Invalid \`signature\` in \`thinking\` block. The block is bound to a different conversation.`
  return { status: 400, type: 'invalid_request_error', message }
}

/** The prefix without its marks and thoughts, which may change. */
function prefixOf(
  { system, tools }: JsonObject,
  messages: readonly Record<string, unknown>[],
  end: number,
): string {
  const before = messages
    .slice(0, end)
    .map(({ role, content }) => [
      role,
      typeof content === 'string'
        ? [{ type: 'text', text: content }]
        : listOf(content).filter((block) => !isThought(objectOf(block))),
    ])
  return JSON.stringify([system, tools, before], (name, value: unknown) =>
    name === 'cache_control' ? undefined : value,
  )
}

function thoughtsOf({ content }: Record<string, unknown>): readonly Record<string, unknown>[] {
  return listOf(content).map(objectOf).filter(isThought)
}

function isThought({ type }: Record<string, unknown>): boolean {
  return type === 'thinking' || type === 'redacted_thinking'
}
