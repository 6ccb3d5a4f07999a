import { LlmError, toLlmError } from '../../core/error.ts'
import type { JsonObject } from '../../core/json.ts'
import { historyOf } from './history.ts'
import type { BodyParts, ChatClientOptions } from './options.ts'

/** Creates the body of a request for an answer. Rejects with `invalid-request` if `makeBody` fails. */
export async function makeRequest(
  { makeBody, body: own, history }: ChatClientOptions,
  parts: BodyParts,
): Promise<JsonObject> {
  const { conversationId, messages, body, isRegeneration: again } = parts
  try {
    if (makeBody !== undefined) return await makeBody(parts)
  } catch (error) {
    throw toLlmError(error, 'invalid-request', 'makeBody failed')
  }
  // A server that stores conversations begins one without an answer, and finds the message of a regeneration.
  const begin = !messages.some(({ role, parts: shown }) => role === 'assistant' && shown.length > 0)
  const marks = { ...(begin ? { begin } : undefined), ...(again ? { again } : undefined) }
  const base = { ...own, ...body, conversationId, ...marks }
  if (history !== 'newest') return { ...base, messages: historyOf(messages) }
  const newest = historyOf(messages.filter(({ role }) => role === 'user').slice(-1))
  const content = newest[0]?.['content']
  const message = typeof content === 'string' ? { message: content } : { messages: newest }
  return { ...base, ...message }
}

const MAX_CHARACTERS = 400_000

/** Returns why a text cannot be sent, or `undefined` if it can. */
export function validateText(
  text: unknown,
  hasFiles: boolean,
  maxCharacters: number = MAX_CHARACTERS,
): LlmError | undefined {
  const isEmpty = typeof text !== 'string' || (text.trim() === '' && !hasFiles)
  if (!isEmpty && text.length <= maxCharacters) return undefined
  const message = isEmpty
    ? 'The message is empty.'
    : `The message is longer than ${maxCharacters} characters.`
  return new LlmError('invalid-request', message, { issues: [{ path: 'text', message }] })
}
