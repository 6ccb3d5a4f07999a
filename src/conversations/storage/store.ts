import type { Page, PageQuery } from './pagination.ts'
import type {
  Attachment,
  ChatTask,
  Conversation,
  ConversationPatch,
  ConversationStatus,
  Member,
  MessagePatch,
  NewAttachment,
  NewConversation,
  NewMessage,
  NewSummary,
  NewTask,
  Reaction,
  ReactionGroup,
  ReactionKey,
  StoredMessage,
  StoredRole,
  Summary,
  TaskPatch,
  UsageCharge,
  UserUsage,
} from './records.ts'

/** What every method of a store takes last. */
export interface StoreCall {
  /** Ends the wait with `aborted`. What was written before that is written; what was not, never will be. */
  readonly signal?: AbortSignal | undefined
}

/** For reading: also what is marked as deleted. */
export interface ReadCall extends StoreCall {
  /** Default false. */
  readonly deleted?: boolean | undefined
}

/** For changing: only if nobody else has changed it meanwhile. */
export interface ChangeCall extends StoreCall {
  /** The `version` that the change was made from; another one rejects with `conflict`. Left out: any. */
  readonly version?: number | undefined
}

/**
 * Which conversations to list. All that is given must hold. One of `userId`, `participantId`, `orgId` and `projectId`
 * has to be given, or `everyone`: an id that happens to be undefined never lists the conversations of all.
 */
export interface ConversationQuery extends PageQuery {
  /** Its owner. */
  readonly userId?: string | undefined
  /** Its owner, or one of its members. */
  readonly participantId?: string | undefined
  readonly orgId?: string | undefined
  readonly projectId?: string | undefined
  readonly everyone?: true | undefined
  readonly status?: ConversationStatus | undefined
  readonly personaId?: string | undefined
  /** Forks of this conversation. */
  readonly parentId?: string | undefined
  /** Words of the title: each begins one of its words, in any case. */
  readonly search?: string | undefined
  /** Those marked as deleted instead of the others. Default false. */
  readonly deleted?: boolean | undefined
  /** Newest first by last activity (default) or by creation. */
  readonly sortBy?: 'activity' | 'created' | undefined
}

/**
 * Conversations. A missing one is `undefined` to `get` and rejects with `not-found` elsewhere; one that is marked as
 * deleted counts as missing, except to `restore`, `erase` and where `deleted` is said.
 */
export interface ConversationStore {
  /** Rejects with `conflict` where the id is taken, also by a deleted one, or the owner's `requestId` is. */
  create(conversation: NewConversation, call?: StoreCall): Promise<Conversation>
  /** Inside a transaction nobody else changes it from here to the end. */
  get(id: string, call?: ReadCall): Promise<Conversation | undefined>
  /** The conversation that this user's request created; also one that was marked as deleted since. */
  findByRequest(userId: string, requestId: string, call?: StoreCall): Promise<Conversation | undefined>
  list(query: ConversationQuery, call?: StoreCall): Promise<Page<Conversation>>
  update(id: string, patch: ConversationPatch, call?: ChangeCall): Promise<Conversation>
  /** Gives a title to one that has none, in one step; false where it has one already. */
  titleOnce(id: string, title: string, call?: StoreCall): Promise<boolean>
  /** Adds a member, or changes its role. */
  setMember(id: string, member: Member, call?: StoreCall): Promise<Conversation>
  /** Does nothing for one who is no member. */
  removeMember(id: string, userId: string, call?: StoreCall): Promise<Conversation>
  /** Marks it as deleted, with all in it. False where it was missing already. */
  delete(id: string, call?: StoreCall): Promise<boolean>
  /** Takes the mark off. False where it was not marked. */
  restore(id: string, call?: StoreCall): Promise<boolean>
  /**
   * Removes it for good with its messages, reactions, attachments, tasks and summaries. Its forks stay, without
   * `parentId`; the totals of users stay. False where there is none.
   */
  erase(id: string, call?: StoreCall): Promise<boolean>
}

/** The newest part of what a model is to be told. */
export interface HistoryQuery {
  /** How many messages at most, from 1 to 1 000. */
  readonly limit: number
  /** Only those below this sequence: for reading on, further back. */
  readonly before?: number | undefined
  /** A thread: this message and its direct replies. Left out: all messages, whatever thread they are in. */
  readonly thread?: string | undefined
  /** Only these roles. Default: all. */
  readonly roles?: readonly StoredRole[] | undefined
}

/** Which messages of one conversation to list. All that is given must hold. */
export interface MessageQuery extends PageQuery {
  /** Default `oldest` first. */
  readonly order?: 'oldest' | 'newest' | undefined
  /** Direct replies to this message; `null`: only messages that reply to none. */
  readonly parentId?: string | null | undefined
  /** All variants of this message: itself, and what names it as `variantOf`. Implies `inactive`. */
  readonly variantsOf?: string | undefined
  readonly roles?: readonly StoredRole[] | undefined
  /** Only above this sequence. */
  readonly after?: number | undefined
  /** Only below this sequence. */
  readonly before?: number | undefined
  /** Also variants and tails that were left. Default false. */
  readonly inactive?: boolean | undefined
  /** Also those marked as deleted. Default false. */
  readonly deleted?: boolean | undefined
}

/** Where and what to search. One of the two places has to be given. Finds active messages, newest first. */
export interface MessageSearch extends PageQuery {
  /** Each of its words must begin a word of the message, in any case; every CJK character is a word. */
  readonly text: string
  readonly conversationId?: string | undefined
  /** All conversations that this user owns or is a member of. */
  readonly participantId?: string | undefined
}

/** Which messages to take out of the history or put back, in one step. */
export interface Activation {
  readonly on?: readonly string[] | undefined
  readonly off?: readonly string[] | undefined
  /** All messages above this sequence go off too; those in `on` still go on. */
  readonly offAfter?: number | undefined
}

/** A message that has replies. */
export interface Thread {
  readonly root: StoredMessage
  /** Replies that are active and not deleted. */
  readonly replyCount: number
  readonly lastReplyAt: number
}

/**
 * Messages, always of one named conversation: a message of another one is missing, whoever knows its id. Where the
 * conversation itself is missing or deleted, methods that write reject with `not-found` and those that read find
 * nothing.
 */
export interface MessageStore {
  /**
   * Appends one or several messages at the end, all or none, and counts them and their usage into the conversation.
   * Appends of one conversation are in one total order, also those of several processes. Rejects with `not-found`
   * where a `parentId` or `variantOf` is no message of the conversation (or an earlier one of the same append), with
   * `conflict` where an id is taken, and with `conflict` and the code `duplicate-request` where the same request has
   * written that step already: `findByRequest` gives what it wrote.
   */
  append(
    conversationId: string,
    messages: readonly NewMessage[],
    call?: StoreCall,
  ): Promise<readonly StoredMessage[]>
  get(conversationId: string, id: string, call?: ReadCall): Promise<StoredMessage | undefined>
  /** What one request has written, by `requestStep`; also what was left, or deleted, since. */
  findByRequest(
    conversationId: string,
    requestId: string,
    call?: StoreCall,
  ): Promise<readonly StoredMessage[]>
  /** The newest active messages, oldest of them first. Costs by `limit`, not by the length of the conversation. */
  history(conversationId: string, query: HistoryQuery, call?: StoreCall): Promise<readonly StoredMessage[]>
  list(conversationId: string, query?: MessageQuery, call?: StoreCall): Promise<Page<StoredMessage>>
  search(query: MessageSearch, call?: StoreCall): Promise<Page<StoredMessage>>
  /** Messages that have replies, the oldest first. */
  threads(conversationId: string, query?: PageQuery, call?: StoreCall): Promise<Page<Thread>>
  update(conversationId: string, id: string, patch: MessagePatch, call?: ChangeCall): Promise<StoredMessage>
  /** Returns how many messages changed. Unknown ids reject with `not-found`, and nothing changes. */
  activate(conversationId: string, change: Activation, call?: StoreCall): Promise<number>
  /**
   * Marks it as deleted: it leaves history, lists and search; its replies, reactions and attachments keep pointing to
   * it. False where it was missing already.
   */
  delete(conversationId: string, id: string, call?: StoreCall): Promise<boolean>
  /**
   * Empties it for good and marks it as deleted, with its reactions and attachments removed. Its place stays: id,
   * sequence, role, times and relations. False where there is none.
   */
  wipe(conversationId: string, id: string, call?: StoreCall): Promise<boolean>
}

/** Reactions to messages. Rejects with `not-found` where the message is missing or deleted. */
export interface ReactionStore {
  /** Adds the reaction, or removes it where it is there; true when it is there now. One step. */
  toggle(conversationId: string, key: ReactionKey, call?: StoreCall): Promise<boolean>
  /** True when it was added, false where it was there. */
  add(conversationId: string, key: ReactionKey, call?: StoreCall): Promise<boolean>
  /** True when it was removed, false where there was none. */
  remove(conversationId: string, key: ReactionKey, call?: StoreCall): Promise<boolean>
  /** All reactions to one message, oldest first. */
  list(conversationId: string, messageId: string, call?: StoreCall): Promise<readonly Reaction[]>
  /** Reactions to these messages by message and emoji, in the order of the first of each. */
  groups(
    conversationId: string,
    messageIds: readonly string[],
    call?: StoreCall,
  ): Promise<readonly ReactionGroup[]>
}

/** Attachments of a conversation. */
export interface AttachmentStore {
  /** Rejects with `not-found` where the conversation, or the message named, is missing or deleted. */
  add(conversationId: string, attachment: NewAttachment, call?: StoreCall): Promise<Attachment>
  get(conversationId: string, id: string, call?: StoreCall): Promise<Attachment | undefined>
  /** Oldest first; of one message where `messageId` is given. */
  list(
    conversationId: string,
    query?: PageQuery & { readonly messageId?: string | undefined },
    call?: StoreCall,
  ): Promise<Page<Attachment>>
  /** Makes these the message's: for attachments that were added before it was sent. */
  link(
    conversationId: string,
    change: { readonly ids: readonly string[]; readonly messageId: string },
    call?: StoreCall,
  ): Promise<void>
  /** Removes it for good. False where there is none. */
  delete(conversationId: string, id: string, call?: StoreCall): Promise<boolean>
}

/** Tasks of a conversation. */
export interface TaskStore {
  add(conversationId: string, task: NewTask, call?: StoreCall): Promise<ChatTask>
  update(conversationId: string, id: string, patch: TaskPatch, call?: ChangeCall): Promise<ChatTask>
  /** Oldest first. */
  list(conversationId: string, call?: StoreCall): Promise<readonly ChatTask[]>
  /** False where there is none. */
  delete(conversationId: string, id: string, call?: StoreCall): Promise<boolean>
}

/** Summaries of a conversation. Older ones are kept. */
export interface SummaryStore {
  save(conversationId: string, summary: NewSummary, call?: StoreCall): Promise<Summary>
  /** The one that reaches furthest; the newest of several that reach equally far. */
  latest(conversationId: string, call?: StoreCall): Promise<Summary | undefined>
  /** As `latest` would choose them, best first. */
  list(conversationId: string, query?: PageQuery, call?: StoreCall): Promise<Page<Summary>>
}

/** What users have used, ever. Independent of conversations: calls that were not stored count as well. */
export interface UsageStore {
  /** Adds to the user's totals in one step. */
  add(userId: string, charge: UsageCharge, call?: StoreCall): Promise<void>
  /** All zero for a user never seen. */
  get(userId: string, call?: StoreCall): Promise<UserUsage>
}

/** Everything a store keeps, seen from inside or outside a transaction. */
export interface ChatStoreUnit {
  readonly conversations: ConversationStore
  readonly messages: MessageStore
  readonly reactions: ReactionStore
  readonly attachments: AttachmentStore
  readonly tasks: TaskStore
  readonly summaries: SummaryStore
  readonly usage: UsageStore
}

/**
 * Keeps conversations and what belongs to them. Every method alone is one step: it happens whole or not at all.
 * Records that come back are the caller's to keep: they never change later.
 *
 * Laws, which `chatStoreLaws` of `llm-switchyard/testing` check.
 */
export interface ChatStore extends ChatStoreUnit {
  /**
   * Runs `work` as one step: all that it does through its `unit` is kept when it resolves, and nothing when it
   * rejects. Others see none of it before. Keep it short and call no model inside: some stores let one transaction
   * write at a time, and a call on the store itself, instead of the `unit`, would wait for the end of its own
   * transaction.
   */
  transaction<T>(work: (unit: ChatStoreUnit) => Promise<T>, call?: StoreCall): Promise<T>
  /** Ends what the store opened itself. Idempotent; calls after it reject with `misconfigured`. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
