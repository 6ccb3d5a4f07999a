import type { Message } from '../../core/message.ts'
import type { ChatResponse, Warning } from '../../core/response.ts'
import type { ToolOutcome } from '../../tools/index.ts'
import type {
  Conversation,
  NewAttachment,
  NewConversation,
  NewMessage,
  StoredMessage,
} from '../storage/index.ts'
import type { Identity } from './permissions.ts'
import type { ChatPersona } from './persona.ts'
import type { AcceptedTurn, TurnSettings } from './requests.ts'

/** Everything that is decided about a turn before its first call. Running it only calls and writes. */
export interface TurnPlan {
  readonly operation: 'send' | 'regenerate' | 'resend' | 'continue'
  readonly identity: Identity
  readonly requestId: string
  readonly conversationId: string
  /** Absent if this turn starts the conversation. */
  readonly conversation: Conversation | undefined
  /** Written in one transaction when the call is admitted, before it is sent. */
  readonly admissionWrites: AdmissionWrites
  readonly persist: boolean
  readonly questionId: string
  /** Id of the assistant message that ends the answer. */
  readonly answerId: string
  /** Text of the user message, for the audit. */
  readonly questionText: string
  readonly persona: ChatPersona | undefined
  readonly settings: TurnSettings
  /** Messages of the first call. */
  readonly messages: readonly Message[]
  /** Index of the user message in `messages`. */
  readonly currentAt: number
  /** Whether the first message holds the instructions of the application or the persona, which are not moderated. */
  readonly isInstructed: boolean
  readonly answerLocation: AnswerLocation
  /** The round that a continued turn begins with. */
  readonly open?: OpenRound | undefined
  readonly warnings: readonly Warning[]
  /** Changes each text of the answer before it is stored. */
  readonly transformAnswer: ((text: string) => string | Promise<string>) | undefined
  /** Called when the user message is stored, before the first call is sent. */
  readonly onAccepted: ((turn: AcceptedTurn) => void) | undefined
}

/** A stored round whose calls have waited, with what came for them. */
export interface OpenRound {
  /** The assistant message with the calls. */
  readonly message: StoredMessage
  /** The assistant messages of the turn so far, this one last. */
  readonly answers: readonly StoredMessage[]
  readonly response: ChatResponse
  /** Ids of the calls that were approved. */
  readonly approved: ReadonlySet<string>
  /** Outcomes of calls that were denied or that the application ran. */
  readonly outcomes: ReadonlyMap<string, ToolOutcome>
}

/** What is written when the first call of a turn is admitted. */
export interface AdmissionWrites {
  readonly conversation?: NewConversation | undefined
  readonly question?: NewMessage | undefined
  readonly attachments?: readonly NewAttachment[] | undefined
  readonly attachmentIds?: readonly string[] | undefined
  /** The earlier user message that this one replaces. It leaves the history with all that comes after it. */
  readonly replaces?: StoredMessage | undefined
}

/** Position of the answer in the conversation. */
export interface AnswerLocation {
  /** `requestStep` of the answer's first message. */
  readonly step: number
  readonly parentId?: string | undefined
  /** For an answer that replaces others: messages of turns that began up to this sequence leave the history with them. */
  readonly upTo?: number | undefined
  /** Whether an earlier try of the same request stored messages. */
  readonly resumed?: boolean | undefined
}

/** The stored messages of a request that was answered before. */
export interface PriorResult {
  readonly conversation: Conversation
  readonly question: StoredMessage | undefined
  readonly answer: StoredMessage
  /** All messages that the request wrote. */
  readonly written: readonly StoredMessage[]
}
