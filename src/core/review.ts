import type { Clock } from './clock.ts'
import type { Message } from './message.ts'
import type { ChatRequest } from './request.ts'

/** Messages that are stored without a call, and their author. */
export type ReviewRequest = Pick<
  ChatRequest,
  'messages' | 'requestId' | 'userId' | 'conversationId' | 'tags' | 'signal'
>

/** A review, as features see it. */
export interface MessageReview extends Omit<ReviewRequest, 'messages' | 'requestId'> {
  readonly messages: readonly Message[]
  readonly requestId: string
  readonly clock: Clock
}
