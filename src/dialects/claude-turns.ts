import type { JsonObject } from '../core/json.ts'
import { withFields } from '../core/fit/wire-fields.ts'
import type { Extensible } from '../core/extensible.ts'
import type { Message, SystemMessage } from '../core/message.ts'
import type { Note } from './note.ts'

/**
 * A message on the wire of the messages and the converse format: they alternate between user and assistant. The messages
 * format has instructions behind a user message too.
 */
export interface WireMessage {
  readonly role: 'user' | 'assistant' | 'system'
  readonly content: JsonObject[]
  /** Fields of the message besides. */
  fields?: JsonObject | undefined
}

// Sent as the first user message, which both formats require, if the conversation begins otherwise.
const OPENING = 'Continue.'

/** Why a thought was not sent back. */
export const UNSIGNED = 'the format accepts only reasoning that it has signed'

export function isInstructions(message: Message): message is SystemMessage {
  return message.role === 'system' || message.role === 'developer'
}

/** The content that opens a conversation; empty if its first message is the user's. */
export function openingOf(messages: readonly WireMessage[], note: Note): readonly string[] {
  if (messages[0]?.role === 'user') return []
  note(`the user message ${JSON.stringify(OPENING)} was put first: the format requires one there`)
  return [OPENING]
}

/** The role of a message on the wire; `undefined`, with a note, if it has no content, because both formats refuse that. */
export function roleOf(
  { role }: Message,
  content: readonly JsonObject[],
  note: Note,
): WireMessage['role'] | undefined {
  const wireRole = role === 'assistant' ? 'assistant' : 'user'
  if (content.length > 0) return wireRole
  note(`an empty ${wireRole} message was left out: the format refuses it`)
  return undefined
}

/** Adds the content of a message to the last message of its role, or else a message. */
export function addTurn(rendered: WireMessage[], turn: WireMessage, message: Extensible): void {
  const last = rendered.at(-1)
  const place = last?.role === turn.role ? last : turn
  if (place === turn) rendered.push(turn)
  else place.content.push(...turn.content)
  if (message.wire !== undefined) place.fields = withFields(place.fields ?? {}, message)
}
