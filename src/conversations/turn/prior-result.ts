import { LlmError } from '../../core/error.ts'
import type { Conversation, NewMessage, StoredMessage } from '../storage/index.ts'
import {
  type AnswerLocation,
  type PriorResult,
  type ServiceContext,
  callsTools,
  sameContent,
} from '../contract/index.ts'

/** What a request with this id wrote before: its answer, or how far it came. */
export interface InterruptedTurn {
  readonly question: StoredMessage | undefined
  /** Rounds of tool calls that were completed. */
  readonly inFlight: readonly StoredMessage[]
  readonly reply: AnswerLocation
}

/** What is known of a request that came before; an answer that is whole ends the search. */
export async function findPriorResult(
  service: ServiceContext,
  conversation: Conversation,
  { requestId, signal }: { readonly requestId: string; readonly signal?: AbortSignal | undefined },
): Promise<InterruptedTurn | PriorResult | undefined> {
  const written = await service.store.messages.findByRequest(conversation.id, requestId, { signal })
  if (written.length === 0) return undefined
  const question = written.find(({ requestStep }) => requestStep === 0)
  const answers = written.filter(({ role }) => role === 'assistant')
  const answer = answers.findLast((message) => !message.partial && !callsTools(message))
  if (answer !== undefined) return { conversation, question, answer, written }
  const handedOver = answers.findLast((message) => !message.partial && !hasResults(message, written))
  if (handedOver !== undefined) return { conversation, question, answer: handedOver, written }
  const cut = answers.filter(({ partial }) => partial)
  const step = Math.max(...written.map(({ requestStep = 0 }) => requestStep)) + 1
  const inFlight = written.filter(({ requestStep, partial }) => requestStep !== 0 && !partial)
  const first = cut[0]
  const place =
    first === undefined ? {} : { variantOf: first.variantOf ?? first.id, off: cut.map(({ id }) => id) }
  return { question, inFlight, reply: { step, ...place } }
}

// An answer whose tool calls were the caller's to make is an end, too.
function hasResults({ id, sequence }: StoredMessage, written: readonly StoredMessage[]): boolean {
  const next = written.find((message) => message.sequence > sequence && message.id !== id)
  return next?.role === 'tool'
}

/** True where a stored question is what is asked now, as far as can be told: its words may have been changed since. */
export function isSameQuestion(
  { content, deletedAt, editedAt, metadata }: StoredMessage,
  kept: NewMessage['content'],
): boolean {
  if (deletedAt !== undefined) return false
  return editedAt !== undefined || metadata['moderated'] === true || sameContent(content, kept)
}

/** A request id that came before with something else. */
export function requestIdReused(requestId: string): LlmError {
  const message = `request "${requestId}" came before with another message, or its message was deleted; give a new message a new requestId`
  return new LlmError('conflict', message, { code: 'request-reused' })
}
