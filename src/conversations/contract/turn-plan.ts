import type { Message } from '../../core/message.ts'
import type { Warning } from '../../core/response.ts'
import type {
  Conversation,
  NewAttachment,
  NewConversation,
  NewMessage,
  StoredMessage,
} from '../storage/index.ts'
import type { Identity } from './permissions.ts'
import type { ChatPersona } from './persona.ts'
import type { TurnSettings } from './requests.ts'

/** A turn before it is sent: everything that was read and decided, so that what follows is calls and writes alone. */
export interface TurnPlan {
  readonly operation: 'send' | 'regenerate' | 'resend'
  readonly identity: Identity
  readonly requestId: string
  readonly conversationId: string
  /** Absent for one that is begun by this turn. */
  readonly conversation: Conversation | undefined
  /** Written when the call is admitted, all in one step. */
  readonly opening: AdmissionWrites
  readonly persist: boolean
  readonly questionId: string
  /** The question's text, for the audit. */
  readonly questionText: string
  readonly persona: ChatPersona | undefined
  readonly settings: TurnSettings
  /** What is sent, in order. */
  readonly messages: readonly Message[]
  /** Where among them the question is. */
  readonly currentAt: number
  readonly reply: AnswerLocation
  readonly warnings: readonly Warning[]
  /** Changes the answer's text before it is kept. */
  readonly changeAnswer: ((text: string) => string | Promise<string>) | undefined
}

/** What admission writes. */
export interface AdmissionWrites {
  readonly conversation?: NewConversation | undefined
  readonly question?: NewMessage | undefined
  readonly attachments?: readonly NewAttachment[] | undefined
  readonly attachmentIds?: readonly string[] | undefined
  /** Everything above this sequence leaves the history: the question takes the place of an earlier one. */
  readonly offAfter?: number | undefined
}

/** Where the answer goes. */
export interface AnswerLocation {
  /** Step of its first message among those of the request. */
  readonly step: number
  readonly parentId?: string | undefined
  readonly variantOf?: string | undefined
  /** What leaves the history when the answer is there. */
  readonly off?: readonly string[] | undefined
}

/** A result that was there already. */
export interface PriorResult {
  readonly conversation: Conversation
  readonly question: StoredMessage | undefined
  readonly answer: StoredMessage
  /** All that the request wrote. */
  readonly written: readonly StoredMessage[]
}
