import type { JsonObject } from '../../core/json.ts'
import type { AssistantPart, ToolResultPart, UserPart } from '../../core/message.ts'
import type { FinishReason, Usage } from '../../core/response.ts'

/** Roles of a member, strongest first. The chat service maps each role to permissions, see `permissionsOf`. */
export type MemberRole = 'owner' | 'admin' | 'editor' | 'member' | 'viewer'

/** A user who takes part in a conversation besides its owner. */
export interface Member {
  readonly userId: string
  readonly role: MemberRole
}

/** State of a conversation. */
export type ConversationStatus = 'active' | 'completed' | 'archived'

/** Summed tokens and cost. Totals only grow: deleting a message does not lower them. */
export interface UsageTotals {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly totalTokens: number
  readonly cachedInputTokens: number
  readonly reasoningTokens: number
  /** Sum of the known costs in US dollars, exact to a billionth. */
  readonly costUsd: number
  /** Number of responses counted. */
  readonly calls: number
  /** Number of responses without a known cost. If it is not 0, `costUsd` is a lower bound. */
  readonly unpricedCalls: number
}

/** A conversation. All times are milliseconds since 1970. */
export interface Conversation {
  readonly id: string
  /** User id of the owner. */
  readonly userId: string
  readonly orgId?: string | undefined
  readonly projectId?: string | undefined
  /** Members besides the owner. */
  readonly members: readonly Member[]
  readonly title?: string | undefined
  readonly summary?: string | undefined
  readonly personaId?: string | undefined
  readonly model?: string | undefined
  readonly temperature?: number | undefined
  readonly status: ConversationStatus
  /** Whole number from 1 to 5. */
  readonly rating?: number | undefined
  readonly metadata: JsonObject
  /** The conversation that this one was forked from; absent once that one is erased. */
  readonly parentId?: string | undefined
  /** Id, in the parent, of the last message that was copied into this fork. */
  readonly forkedFromMessageId?: string | undefined
  /** The conversation at the root of the fork tree; its own id if it is not a fork. */
  readonly rootId: string
  /** Id of the request that created it, unique among the owner's conversations in the organisation. */
  readonly requestId?: string | undefined
  /** Number of active messages that are not deleted. */
  readonly messageCount: number
  /** Sequence of the last appended message; 0 if there is none. */
  readonly lastSequence: number
  /** Usage of all messages, including deleted ones and variants. */
  readonly usage: UsageTotals
  /** Starts at 1 and grows by 1 with every `update` and change of members, but not when messages are appended. */
  readonly version: number
  readonly createdAt: number
  readonly updatedAt: number
  /** Time of the newest message or change; the default sort key of lists. */
  readonly lastActivityAt: number
  readonly deletedAt?: number | undefined
}

/** A new conversation for `conversations.create`. Optional fields default to empty. */
export interface NewConversation {
  /** Default: a new UUID. */
  readonly id?: string | undefined
  readonly userId: string
  readonly orgId?: string | undefined
  readonly projectId?: string | undefined
  readonly members?: readonly Member[] | undefined
  readonly title?: string | undefined
  readonly summary?: string | undefined
  readonly personaId?: string | undefined
  readonly model?: string | undefined
  readonly temperature?: number | undefined
  /** Default `active`. */
  readonly status?: ConversationStatus | undefined
  readonly rating?: number | undefined
  readonly metadata?: JsonObject | undefined
  readonly parentId?: string | undefined
  readonly forkedFromMessageId?: string | undefined
  readonly requestId?: string | undefined
  /** Set it to keep the time of an imported record. Default: now. */
  readonly createdAt?: number | undefined
}

/** Changes of a conversation: `undefined` keeps a field, `null` clears it. `metadata` is replaced as a whole. */
export interface ConversationPatch {
  readonly title?: string | null | undefined
  readonly summary?: string | null | undefined
  readonly personaId?: string | null | undefined
  readonly orgId?: string | null | undefined
  readonly projectId?: string | null | undefined
  readonly model?: string | null | undefined
  readonly temperature?: number | null | undefined
  readonly status?: ConversationStatus | undefined
  readonly rating?: number | null | undefined
  readonly metadata?: JsonObject | undefined
}

/** Author of a stored message. */
export type StoredRole = 'system' | 'user' | 'assistant' | 'tool'

/** A part of a stored message. Bytes are base64 text. */
export type StoredPart = UserPart | AssistantPart | ToolResultPart

/** A message of a conversation. Tool calls and reasoning are parts of its content. */
export interface StoredMessage {
  /** Unique within the conversation. */
  readonly id: string
  readonly conversationId: string
  /** Position in the conversation, assigned by the store: from 1, without gaps. */
  readonly sequence: number
  readonly role: StoredRole
  readonly content: string | readonly StoredPart[]
  /** The user who wrote it; absent for messages of a model or tool. */
  readonly userId?: string | undefined
  /** Name of the user, persona or tool, as sent to the model. */
  readonly name?: string | undefined
  /** For the role `tool`: id of the tool call that this result belongs to. */
  readonly toolCallId?: string | undefined
  readonly isError?: boolean | undefined
  /** The message of the same conversation that this one replies to, which makes a thread. */
  readonly parentId?: string | undefined
  /** Id of the first variant (of a regenerated answer or an edited question); all variants share it. */
  readonly variantOf?: string | undefined
  /** Whether the message is part of the history. False for variants that were not chosen and what followed them. */
  readonly active: boolean
  /** Whether the answer broke off before its end. */
  readonly partial: boolean
  readonly provider?: string | undefined
  readonly model?: string | undefined
  readonly finishReason?: FinishReason | undefined
  readonly usage?: Usage | undefined
  /** In US dollars; `null` if the usage is known but its price is not. */
  readonly costUsd?: number | null | undefined
  /** Id of the request that wrote it. `requestId` and `requestStep` together are unique in the conversation. */
  readonly requestId?: string | undefined
  readonly requestStep?: number | undefined
  readonly metadata: JsonObject
  /** Starts at 1 and grows by 1 with every `update`. */
  readonly version: number
  readonly createdAt: number
  /** Time of the last change of its content. */
  readonly editedAt?: number | undefined
  /** User who changed its content last. */
  readonly editedBy?: string | undefined
  readonly deletedAt?: number | undefined
}

/** A new message for `messages.append`. Optional fields default to empty. */
export interface NewMessage {
  /** Default: a new UUID. */
  readonly id?: string | undefined
  readonly role: StoredRole
  readonly content: string | readonly StoredPart[]
  readonly userId?: string | undefined
  readonly name?: string | undefined
  readonly toolCallId?: string | undefined
  readonly isError?: boolean | undefined
  readonly parentId?: string | undefined
  readonly variantOf?: string | undefined
  /** Default true. */
  readonly active?: boolean | undefined
  /** Default false. */
  readonly partial?: boolean | undefined
  readonly provider?: string | undefined
  readonly model?: string | undefined
  readonly finishReason?: FinishReason | undefined
  /** Added to the usage of the conversation. With usage but without `costUsd` the cost counts as unknown. */
  readonly usage?: Usage | undefined
  readonly costUsd?: number | null | undefined
  readonly requestId?: string | undefined
  /** Position among the messages of one request: 0 for the user message, then the answer's messages. Default 0. */
  readonly requestStep?: number | undefined
  readonly metadata?: JsonObject | undefined
  /** Set it to keep the time of an imported record. Default: now. */
  readonly createdAt?: number | undefined
}

/** Changes of a message: `undefined` keeps a field. A new `content` marks the message as edited. */
export interface MessagePatch {
  readonly content?: string | readonly StoredPart[] | undefined
  /** User who changes the content. Has no effect without `content`. */
  readonly editedBy?: string | undefined
  /** Replaced as a whole. */
  readonly metadata?: JsonObject | undefined
  readonly partial?: boolean | undefined
}

/** A user's reaction to a message, unique by message, user and emoji. */
export interface Reaction {
  readonly conversationId: string
  readonly messageId: string
  readonly userId: string
  /** Any text, normalized to Unicode NFC and compared exactly. */
  readonly emoji: string
  readonly createdAt: number
}

/** Identifies one reaction. */
export interface ReactionKey {
  readonly messageId: string
  readonly userId: string
  readonly emoji: string
}

/** All reactions with one emoji to one message. */
export interface ReactionGroup {
  readonly messageId: string
  readonly emoji: string
  readonly count: number
  /** In the order of the reactions. */
  readonly userIds: readonly string[]
}

/** A file of a conversation, by URL, as text or as base64 data. */
export interface Attachment {
  readonly id: string
  readonly conversationId: string
  readonly messageId?: string | undefined
  /** The user who added it. */
  readonly userId: string
  readonly name: string
  /** For example `image/png`. */
  readonly mediaType: string
  readonly sizeBytes: number
  readonly url?: string | undefined
  readonly text?: string | undefined
  readonly data?: string | undefined
  readonly metadata: JsonObject
  readonly createdAt: number
}

/** A new attachment for `attachments.add`. */
export interface NewAttachment {
  readonly id?: string | undefined
  readonly messageId?: string | undefined
  readonly userId: string
  readonly name: string
  readonly mediaType: string
  readonly sizeBytes: number
  readonly url?: string | undefined
  readonly text?: string | undefined
  readonly data?: string | undefined
  readonly metadata?: JsonObject | undefined
}

/** State of a task. */
export type TaskStatus = 'pending' | 'in-progress' | 'completed' | 'failed' | 'cancelled'

/** A task of a conversation. */
export interface ChatTask {
  readonly id: string
  readonly conversationId: string
  readonly title: string
  readonly description?: string | undefined
  readonly status: TaskStatus
  readonly metadata: JsonObject
  readonly version: number
  readonly createdAt: number
  readonly updatedAt: number
}

/** A new task for `tasks.add`. */
export interface NewTask {
  readonly id?: string | undefined
  readonly title: string
  readonly description?: string | undefined
  /** Default `pending`. */
  readonly status?: TaskStatus | undefined
  readonly metadata?: JsonObject | undefined
}

/** Changes of a task: `undefined` keeps a field. */
export interface TaskPatch {
  readonly title?: string | undefined
  readonly description?: string | null | undefined
  readonly status?: TaskStatus | undefined
  readonly metadata?: JsonObject | undefined
}

/** A summary of the messages up to a sequence. */
export interface Summary {
  readonly id: string
  readonly conversationId: string
  readonly text: string
  /** Sequence of the last summarized message. */
  readonly upToSequence: number
  readonly model?: string | undefined
  readonly usage?: Usage | undefined
  readonly metadata: JsonObject
  readonly createdAt: number
}

/** A new summary for `summaries.save`. */
export interface NewSummary {
  readonly id?: string | undefined
  readonly text: string
  readonly upToSequence: number
  readonly model?: string | undefined
  readonly usage?: Usage | undefined
  readonly metadata?: JsonObject | undefined
}

/** Lifetime usage of one user. */
export interface UserUsage extends UsageTotals {
  readonly userId: string
  readonly orgId?: string | undefined
  /** Number of conversations that the user owns in the organisation and has not deleted. */
  readonly conversationCount: number
  /** Number of messages in those conversations. */
  readonly messageCount: number
  /** Time of the last `usage.add`. */
  readonly lastUsedAt?: number | undefined
}

/** Usage and cost of one call, to be added to a user's totals. */
export interface UsageCharge {
  readonly usage: Usage
  /** In US dollars; `null` or `undefined` if unknown. */
  readonly costUsd?: number | null | undefined
}
