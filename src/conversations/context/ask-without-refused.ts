import { LlmError } from '../../core/error.ts'
import type { Message } from '../../core/message.ts'
import type { Conversation } from '../storage/index.ts'
import { type Identity, type ServiceContext, type TurnSettings, callerOf } from '../contract/index.ts'

/** Who asks, and in which conversation. */
export interface Asking {
  readonly identity: Identity
  readonly conversation: Conversation
  readonly settings: TurnSettings
}

/**
 * Asks a model about messages in one text. If the text is refused before it is sent, it is asked without the messages that are
 * refused by themselves, then without the oldest half of the rest, and so on. Rejects with the last refusal.
 */
export async function askWithoutRefused<T>(
  service: ServiceContext,
  task: Asking,
  messages: readonly Message[],
  ask: (messages: readonly Message[]) => Promise<T>,
): Promise<T> {
  let left = messages
  for (let isReviewed = false; ; isReviewed = true) {
    try {
      return await ask(left)
    } catch (error) {
      if (!isRefused(error)) throw error
      const fewer = isReviewed ? [] : await unrefused(service, task, left)
      left = fewer.length > 0 && fewer.length < left.length ? fewer : left.slice(Math.ceil(left.length / 2))
      if (left.length === 0) throw error
      service.options.logger?.warn(
        { conversationId: task.conversation.id, code: error.code },
        `a title or summary is made from ${left.length} of ${messages.length} messages: ${error.kind}`,
      )
    }
  }
}

function isRefused(error: unknown): error is LlmError {
  if (!LlmError.is(error) || (error.attempts?.length ?? 0) > 0) return false
  return error.kind === 'content-blocked' || error.kind === 'invalid-request'
}

async function unrefused(
  { options: { orchestrator } }: ServiceContext,
  { identity, conversation, settings }: Asking,
  messages: readonly Message[],
): Promise<readonly Message[]> {
  const { reviewMessages } = orchestrator
  if (reviewMessages === undefined) return []
  const caller = {
    ...callerOf(identity, settings.tags),
    conversationId: conversation.id,
    signal: settings.signal,
  }
  const left: Message[] = []
  for (const message of messages)
    try {
      left.push(...(await reviewMessages({ messages: [message], ...caller })))
    } catch (error) {
      if (!isRefused(error)) throw error
    }
  return left
}
