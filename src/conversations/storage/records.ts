import type { JsonObject } from '../../core/json.ts'
import type { AssistantPart, ToolResultPart, UserPart } from '../../core/message.ts'
import type { FinishReason, Usage } from '../../core/response.ts'

/** What a member may do is the host's to say; these are the roles that the service knows. */
export type MemberRole = 'owner' | 'admin' | 'editor' | 'member' | 'viewer'

/** Somebody who takes part in a conversation besides its owner. */
export interface Member {
  readonly userId: string
  readonly role: MemberRole
}

/** Where a conversation stands. */
export type ConversationStatus = 'active' | 'completed' | 'archived'

/** Tokens and cost, summed. Sums only grow: what was spent stays spent when a message is deleted. */
export interface UsageTotals {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly totalTokens: number
  readonly cachedInputTokens: number
  readonly reasoningTokens: number
  /** Sum of the costs that are known, exact to a billionth of a dollar. */
  readonly costUsd: number
  /** How many answers were counted. */
  readonly calls: number
  /** How many of them had no known cost: with any, `costUsd` is a lower bound. */
  readonly unpricedCalls: number
}

/** A conversation. All times are milliseconds since 1970. */
export interface Conversation {
  readonly id: string
  /** Its owner. */
  readonly userId: string
  readonly orgId?: string | undefined
  readonly projectId?: string | undefined
  /** Who else takes part, the owner not among them. */
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
  /** The conversation this one was forked from; gone when that one is erased. */
  readonly parentId?: string | undefined
  /** The last message that the fork took over, by its id in the parent. */
  readonly forkedFromMessageId?: string | undefined
  /** The first conversation of the line of forks; its own id for one that is no fork. */
  readonly rootId: string
  /** The request that created it: unique among the conversations of its owner. */
  readonly requestId?: string | undefined
  /** Messages that are active and not deleted. */
  readonly messageCount: number
  /** Sequence of the newest message ever appended; 0 before the first. */
  readonly lastSequence: number
  /** Usage of all its messages, deleted ones and variants included. */
  readonly usage: UsageTotals
  /** 1 at first, and 1 more with every `update` and change of members; appending messages does not count. */
  readonly version: number
  readonly createdAt: number
  readonly updatedAt: number
  /** Time of the newest message or change: what lists are sorted by. */
  readonly lastActivityAt: number
  readonly deletedAt?: number | undefined
}

/** What `conversations.create` takes. What is left out is empty. */
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
  /** For an import. Default: now. */
  readonly createdAt?: number | undefined
}

/** Changes of a conversation: a field that is left out stays, `null` empties it. `metadata` is replaced whole. */
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

export type StoredRole = 'system' | 'user' | 'assistant' | 'tool'

/** A neutral part; bytes are base64 text in a store. */
export type StoredPart = UserPart | AssistantPart | ToolResultPart

/** A message of a conversation. Tool calls and reasoning of an answer are parts of its content. */
export interface StoredMessage {
  /** Unique in its conversation. */
  readonly id: string
  readonly conversationId: string
  /** Place in the total order of the conversation: given by the store, from 1, without gaps. */
  readonly sequence: number
  readonly role: StoredRole
  readonly content: string | readonly StoredPart[]
  /** Who wrote it, where a person did. */
  readonly userId?: string | undefined
  /** Speaker's name as the model is told: of a user, an agent or a tool. */
  readonly name?: string | undefined
  /** For the role `tool`: the call that it answers. */
  readonly toolCallId?: string | undefined
  readonly isError?: boolean | undefined
  /** The message that it replies to, in the same conversation: threads. */
  readonly parentId?: string | undefined
  /** The first of the variants it is one of (a regenerated answer, an edited turn); its variants share it. */
  readonly variantOf?: string | undefined
  /** False for a variant or a tail that was left: it is kept, but is not part of the history. */
  readonly active: boolean
  /** True for an answer that broke off. */
  readonly partial: boolean
  readonly provider?: string | undefined
  readonly model?: string | undefined
  readonly finishReason?: FinishReason | undefined
  readonly usage?: Usage | undefined
  /** `null` where usage is known and its price is not. */
  readonly costUsd?: number | null | undefined
  /** The request that it came by. `requestId` and `requestStep` together are unique in the conversation. */
  readonly requestId?: string | undefined
  readonly requestStep?: number | undefined
  readonly metadata: JsonObject
  /** 1 at first, and 1 more with every `update`. */
  readonly version: number
  readonly createdAt: number
  /** When its content was last changed. */
  readonly editedAt?: number | undefined
  readonly deletedAt?: number | undefined
}

/** What `messages.append` takes. What is left out is empty. */
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
  /** Counted into the usage of the conversation; with it, `costUsd` left out counts as not known. */
  readonly usage?: Usage | undefined
  readonly costUsd?: number | null | undefined
  readonly requestId?: string | undefined
  /** Place among the messages of one request: 0 for the turn that asks, then the answer's. Default 0. */
  readonly requestStep?: number | undefined
  readonly metadata?: JsonObject | undefined
  /** For an import. Default: now. */
  readonly createdAt?: number | undefined
}

/** Changes of a message: a field that is left out stays. A new `content` marks it as edited. */
export interface MessagePatch {
  readonly content?: string | readonly StoredPart[] | undefined
  /** Replaced whole. */
  readonly metadata?: JsonObject | undefined
  readonly partial?: boolean | undefined
}

/** One user's reaction to one message: unique by all three of message, user and emoji. */
export interface Reaction {
  readonly conversationId: string
  readonly messageId: string
  readonly userId: string
  /** Any text; told apart character by character, after Unicode normalisation (NFC). */
  readonly emoji: string
  readonly createdAt: number
}

/** What names one reaction. */
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
  /** In the order in which they reacted. */
  readonly userIds: readonly string[]
}

/** A file that was given into a conversation, by URL, as text or as base64 data. */
export interface Attachment {
  readonly id: string
  readonly conversationId: string
  readonly messageId?: string | undefined
  /** Who added it. */
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

/** What `attachments.add` takes. */
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

export type TaskStatus = 'pending' | 'in-progress' | 'completed' | 'failed' | 'cancelled'

/** A task that belongs to a conversation. */
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

/** What `tasks.add` takes. */
export interface NewTask {
  readonly id?: string | undefined
  readonly title: string
  readonly description?: string | undefined
  /** Default `pending`. */
  readonly status?: TaskStatus | undefined
  readonly metadata?: JsonObject | undefined
}

/** Changes of a task: a field that is left out stays. */
export interface TaskPatch {
  readonly title?: string | undefined
  readonly description?: string | null | undefined
  readonly status?: TaskStatus | undefined
  readonly metadata?: JsonObject | undefined
}

/** A summary of the messages up to one of them. */
export interface Summary {
  readonly id: string
  readonly conversationId: string
  readonly text: string
  /** Sequence of the last message that it covers. */
  readonly upToSequence: number
  readonly model?: string | undefined
  readonly usage?: Usage | undefined
  readonly metadata: JsonObject
  readonly createdAt: number
}

/** What `summaries.save` takes. */
export interface NewSummary {
  readonly id?: string | undefined
  readonly text: string
  readonly upToSequence: number
  readonly model?: string | undefined
  readonly usage?: Usage | undefined
  readonly metadata?: JsonObject | undefined
}

/** What one user has used, ever. */
export interface UserUsage extends UsageTotals {
  readonly userId: string
  /** Conversations that the user owns and has not deleted. */
  readonly conversationCount: number
  /** Messages in those. */
  readonly messageCount: number
  /** Time of the last `usage.add`. */
  readonly lastUsedAt?: number | undefined
}

/** What one call adds to a user's totals. */
export interface UsageCharge {
  readonly usage: Usage
  /** `null` or left out: not known. */
  readonly costUsd?: number | null | undefined
}
