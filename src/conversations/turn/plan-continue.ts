import { callsOf } from '../../core/history.ts'
import { LlmError } from '../../core/error.ts'
import type { ToolCall } from '../../core/message.ts'
import { failed, returned, type PendingCall, type ToolOutcome } from '../../tools/index.ts'
import {
  type ContinueRequest,
  type ConversationRequest,
  type OpenRound,
  type ServiceContext,
  type TurnPlan,
  checkAnswer,
  messageOf,
  pendingOf,
  questionFor,
  refuse,
  responseOfMessage,
} from '../contract/index.ts'
import type { StoredMessage } from '../storage/index.ts'
import { mergeSettings } from '../context/index.ts'
import { contextFor } from './plan-regenerate.ts'

/** Plans the rest of a turn whose calls have waited for decisions or results. */
export async function planContinue(service: ServiceContext, request: ContinueRequest): Promise<TurnPlan> {
  checkAnswer(request)
  const { identity, conversation } = await service.open(request, 'send')
  const { messageId, signal } = request
  const message = await service.message(conversation.id, messageId, signal)
  const { requestId } = message
  const written = await writtenUntil(service, message, signal)
  if (written === undefined || requestId === undefined) throw nothingPending(messageId)
  const question = await questionFor(service.store, message, signal)
  if (question === undefined || !message.active)
    refuse('messageId', 'belongs to an answer that is not in the history; call chooseVariant first')
  const before = written.filter(
    ({ sequence, requestStep }) => sequence < message.sequence && requestStep !== 0,
  )
  const completedRounds = before.filter(({ partial }) => !partial)
  const built = await contextFor(service, request, { identity, conversation, question, completedRounds })
  const answers = [...before, message].filter(({ role }) => role === 'assistant')
  return {
    operation: 'continue',
    identity,
    requestId,
    conversationId: conversation.id,
    conversation,
    admissionWrites: {},
    persist: true,
    questionId: question.id,
    answerId: request.newIds?.messageId ?? crypto.randomUUID(),
    onAccepted: request.onAccepted,
    questionText: '',
    settings: mergeSettings(service, request, conversation),
    answerLocation: { step: (message.requestStep ?? 0) + 1, parentId: message.parentId, resumed: true },
    open: await openRound(service, request, { message, answers }),
    ...built,
  }
}

/** The calls of a stored message that wait for a decision or a result; none after the turn has gone on. */
export async function pendingCalls(
  service: ServiceContext,
  request: ConversationRequest & { readonly messageId: string },
): Promise<readonly PendingCall[]> {
  const { conversation } = await service.open(request, 'getMessage')
  const { messageId, signal } = request
  const message = await service.message(conversation.id, messageId, signal)
  return (await writtenUntil(service, message, signal)) === undefined ? [] : pendingOf(message)
}

// What the turn has stored, if the message ends it and waits.
async function writtenUntil(
  service: ServiceContext,
  message: StoredMessage,
  signal: AbortSignal | undefined,
): Promise<readonly StoredMessage[] | undefined> {
  const { requestId, conversationId, sequence } = message
  if (requestId === undefined || pendingOf(message).length === 0) return undefined
  const written = await service.store.messages.findByRequest(conversationId, requestId, { signal })
  return written.some((other) => other.sequence > sequence) ? undefined : written
}

async function openRound(
  service: ServiceContext,
  { decisions = [], results = [] }: ContinueRequest,
  { message, answers }: Pick<OpenRound, 'message' | 'answers'>,
): Promise<OpenRound> {
  const waiting = new Map(pendingOf(message).map((call) => [call.toolCallId, call]))
  const calls = new Map(callsOf(messageOf(message)).map((call) => [call.id, call]))
  const approved = new Set<string>()
  const outcomes = new Map<string, ToolOutcome>()
  const take = (id: string, needs: PendingCall['needs']): ToolCall => {
    const call = waiting.get(id)?.needs === needs ? calls.get(id) : undefined
    if (call === undefined || approved.has(id) || outcomes.has(id)) throw notPending(id, needs)
    return call
  }
  for (const decision of decisions) {
    const { approvals } = service.options
    if (approvals === undefined)
      refuse('decisions', 'are checked by the option approvals of the chat service')
    const call = take(decision.toolCallId, 'approval')
    const pending = waiting.get(call.id)
    if (pending !== undefined) await approvals.check(pending, decision)
    const { reason } = decision
    if (decision.approved) approved.add(call.id)
    else
      outcomes.set(
        call.id,
        failed(call, `the call was not approved${reason === undefined ? '' : `: ${reason}`}`),
      )
  }
  for (const { toolCallId, result, error } of results) {
    const call = take(toolCallId, 'result')
    outcomes.set(call.id, error === undefined ? returned(call, result) : failed(call, error))
  }
  const left = [...waiting.keys()].filter((id) => !approved.has(id) && !outcomes.has(id))
  if (left.length > 0) refuse('decisions', `are missing for the calls ${left.join(', ')}`)
  return { message, answers, response: responseOfMessage(message), approved, outcomes }
}

function nothingPending(id: string): LlmError {
  const message = `no call of the message "${id}" waits: the turn has gone on, or never waited`
  return new LlmError('conflict', message, { code: 'not-pending' })
}

function notPending(id: string, needs: PendingCall['needs']): LlmError {
  const what = needs === 'approval' ? 'decision' : 'result'
  const message = `the call "${id}" waits for no ${what}: it was answered before, or is not of this message`
  return new LlmError('conflict', message, { code: 'not-pending' })
}
