import { script, type FakeScript, type ScriptedReply } from './script.ts'
import type { FakeRequest } from './request.ts'

/** The replies to one user message: one for each step, the last of which answers. */
export type DialogueTurn = ScriptedReply | readonly ScriptedReply[]

/**
 * A script of a conversation with tools. Each argument answers one user message, and a list has one reply for each step of it:
 * first those that call tools, then the answer. It goes by what the request holds, so that retries, regenerated answers and
 * several conversations at once get the reply of their place. A step or message beyond its end is rejected. Throws
 * `misconfigured` for a reply that is none.
 *
 * ```ts
 * const weather = dialogue(
 *   'Hello! Which city?',
 *   [{ toolCalls: [{ name: 'get_weather', arguments: { city: 'Oslo' } }] }, 'It is cold there.'],
 * )
 * ```
 */
export function dialogue(...turns: readonly DialogueTurn[]): FakeScript {
  const steps = turns.map((turn) => (isSteps(turn) ? script(turn) : [script(turn)]))
  return ({ turns: sent }: FakeRequest) => {
    const isUser = ({ role }: FakeRequest['turns'][number]): boolean => role === 'user'
    const message = sent.filter(isUser).length
    const since = sent.slice(sent.findLastIndex(isUser))
    const step = since.filter(({ role }) => role === 'assistant').length
    const reply = steps[message - 1]?.[step]
    if (reply !== undefined) return reply
    const known = steps[message - 1]?.length ?? 0
    throw new Error(
      known === 0
        ? `the dialogue has ${steps.length} user messages, and this is number ${message}`
        : `the dialogue has ${known} steps for user message ${message}, and this is step ${step + 1}`,
    )
  }
}

function isSteps(turn: DialogueTurn): turn is readonly ScriptedReply[] {
  return Array.isArray(turn)
}
