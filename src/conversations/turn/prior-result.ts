import { LlmError } from '../../core/error.ts'
import type { Conversation, NewMessage, StoredMessage } from '../storage/index.ts'
import {
  type AnswerLocation,
  type PriorResult,
  type ServiceContext,
  callsTools,
  sameContent,
} from '../contract/index.ts'

/** The stored messages of a request that was interrupted before its answer was complete. */
export interface InterruptedTurn {
  readonly question: StoredMessage | undefined
  /** Messages of completed tool rounds. */
  readonly completedRounds: readonly StoredMessage[]
  readonly answerLocation: AnswerLocation
}

/** Finds what an earlier request with the same id stored: a complete answer, an interrupted turn, or `undefined`. */
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
  const delegated = answers.findLast((message) => !message.partial && !hasResults(message, written))
  if (delegated !== undefined) return { conversation, question, answer: delegated, written }
  const step = Math.max(...written.map(({ requestStep = 0 }) => requestStep)) + 1
  const completedRounds = written.filter(({ requestStep, partial }) => requestStep !== 0 && !partial)
  return { question, completedRounds, answerLocation: { step, resumed: true } }
}

// An answer whose tool calls are left to the caller is complete as well.
function hasResults({ id, sequence }: StoredMessage, written: readonly StoredMessage[]): boolean {
  const next = written.find((message) => message.sequence > sequence && message.id !== id)
  return next?.role === 'tool'
}

/** Whether a stored user message is the one of this request. An edited or moderated message counts as equal. */
export function isSameQuestion(
  { content, deletedAt, editedAt, metadata }: StoredMessage,
  given: NewMessage['content'],
): boolean {
  if (deletedAt !== undefined) return false
  return editedAt !== undefined || metadata['moderated'] === true || sameContent(content, given)
}

/** `conflict` with the code `request-reused`: the request id was used with another message. */
export function requestIdReused(requestId: string): LlmError {
  const message = `requestId "${requestId}" was used with another message, or its message was deleted; use a new requestId for a new message`
  return new LlmError('conflict', message, { code: 'request-reused' })
}
