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
import type { UserReference } from './user-key.ts'

/** Options of every store method. */
export interface StoreCall {
  /** Aborts the call with `aborted`. Writes that finished before stay; nothing is written after. */
  readonly signal?: AbortSignal | undefined
}

/** Options of a read. */
export interface ReadCall extends StoreCall {
  /** Also returns a record that is marked as deleted. Default false. */
  readonly deleted?: boolean | undefined
}

/** Options of an update. */
export interface ChangeCall extends StoreCall {
  /** Rejects with `conflict` if the stored version differs. Default: any version. */
  readonly version?: number | undefined
}

/**
 * Selects conversations that match every given field. `userId`, `participantId`, `orgId`, `projectId` or `everyone` is
 * required, because an id that is `undefined` by mistake must not list every user's conversations.
 */
export interface ConversationQuery extends PageQuery {
  /** User id of the owner. */
  readonly userId?: string | undefined
  /** User id of the owner or a member. */
  readonly participantId?: string | undefined
  readonly orgId?: string | undefined
  readonly projectId?: string | undefined
  /** Lists the conversations of all users. */
  readonly everyone?: true | undefined
  readonly status?: ConversationStatus | undefined
  readonly personaId?: string | undefined
  /** Only forks of this conversation. */
  readonly parentId?: string | undefined
  /** Each word must be the beginning of a word of the title. Case is ignored. */
  readonly search?: string | undefined
  /** Lists only conversations that are marked as deleted. Default false. */
  readonly deleted?: boolean | undefined
  /** Sort key; the newest come first. Default `activity`. */
  readonly sortBy?: 'activity' | 'created' | undefined
}

/**
 * Conversations. `get` resolves to `undefined` for a missing conversation; other methods reject with `not-found`. A
 * conversation that is marked as deleted counts as missing, except for `restore`, `erase` and calls with `deleted`.
 */
export interface ConversationStore {
  /**
   * Rejects with `conflict` if the id is in use, or the owner's `requestId` within the organisation. Deleted conversations
   * count.
   */
  create(conversation: NewConversation, call?: StoreCall): Promise<Conversation>
  /** Inside a transaction this locks the conversation: no other writer changes it before the transaction ends. */
  get(id: string, call?: ReadCall): Promise<Conversation | undefined>
  /** The conversation that this user's request created in the user's organisation, even if it is marked as deleted. */
  findByRequest(user: UserReference, requestId: string, call?: StoreCall): Promise<Conversation | undefined>
  list(query: ConversationQuery, call?: StoreCall): Promise<Page<Conversation>>
  update(id: string, patch: ConversationPatch, call?: ChangeCall): Promise<Conversation>
  /** Sets the title if there is none, atomically. Resolves to false if the conversation has a title. */
  titleOnce(id: string, title: string, call?: StoreCall): Promise<boolean>
  /** Adds a member or changes its role. */
  setMember(id: string, member: Member, call?: StoreCall): Promise<Conversation>
  /** Removes a member. Does nothing if the user is not a member. */
  removeMember(id: string, userId: string, call?: StoreCall): Promise<Conversation>
  /** Marks the conversation and its content as deleted. Resolves to false if it is missing. */
  delete(id: string, call?: StoreCall): Promise<boolean>
  /** Undoes `delete`. Resolves to false if it is not marked as deleted. */
  restore(id: string, call?: StoreCall): Promise<boolean>
  /**
   * Permanently removes the conversation with its messages, reactions, attachments, tasks and summaries. Forks stay, without
   * `parentId`, and users' totals stay. Resolves to false if there is none.
   */
  erase(id: string, call?: StoreCall): Promise<boolean>
}

/** Selects the newest messages, for a model's context. */
export interface HistoryQuery {
  /** Maximum number of messages, from 1 to 1 000. */
  readonly limit: number
  /** Only messages below this sequence, to read further back. */
  readonly before?: number | undefined
  /** Only this message and its direct replies. Default: the messages of all threads. */
  readonly thread?: string | undefined
  /** Only these roles. Default: all. */
  readonly roles?: readonly StoredRole[] | undefined
}

/** Selects messages of one conversation that match every given field. */
export interface MessageQuery extends PageQuery {
  /** Sort order. Default `oldest` first. */
  readonly order?: 'oldest' | 'newest' | undefined
  /** Only direct replies to this message; `null`: only messages that are no replies. */
  readonly parentId?: string | null | undefined
  /** Only the variants of this message: itself and those that name it as `variantOf`. Implies `inactive`. */
  readonly variantsOf?: string | undefined
  readonly roles?: readonly StoredRole[] | undefined
  /** Only messages above this sequence. */
  readonly after?: number | undefined
  /** Only messages below this sequence. */
  readonly before?: number | undefined
  /** Also returns messages that are not part of the history. Default false. */
  readonly inactive?: boolean | undefined
  /** Also returns messages that are marked as deleted. Default false. */
  readonly deleted?: boolean | undefined
}

/** Searches active messages, newest first. `conversationId` or `participantId` is required. */
export interface MessageSearch extends PageQuery {
  /** Each word must be the beginning of a word of the message. Case is ignored; every CJK character is a word. */
  readonly text: string
  readonly conversationId?: string | undefined
  /** Searches the conversations that this user owns or is a member of. */
  readonly participantId?: string | undefined
}

/** Takes messages out of the history or puts them back, in one atomic change. */
export interface Activation {
  /** Ids of the messages to put back. */
  readonly on?: readonly string[] | undefined
  /** Ids of the messages to take out. */
  readonly off?: readonly string[] | undefined
  /** Also takes out all messages above this sequence, except those in `on`. */
  readonly offAfter?: number | undefined
}

/** A message that has replies. */
export interface Thread {
  readonly root: StoredMessage
  /** Number of active replies that are not deleted. */
  readonly replyCount: number
  readonly lastReplyAt: number
}

/**
 * Messages. Every method names the conversation; a message of another conversation counts as missing. If the conversation
 * is missing or deleted, methods that write reject with `not-found` and methods that read find nothing.
 */
export interface MessageStore {
  /**
   * Appends messages, all or none, and adds them and their usage to the conversation's counts. Appends of several processes
   * to one conversation have one total order. Rejects with `not-found` if a `parentId` or `variantOf` is not an earlier
   * message of the conversation. Rejects with `conflict` if an id is in use, and with the code `duplicate-request` if the same
   * request already wrote that step. `findByRequest` then returns what it wrote.
   */
  append(
    conversationId: string,
    messages: readonly NewMessage[],
    call?: StoreCall,
  ): Promise<readonly StoredMessage[]>
  get(conversationId: string, id: string, call?: ReadCall): Promise<StoredMessage | undefined>
  /** The messages of one request, sorted by `requestStep`, including inactive and deleted ones. */
  findByRequest(
    conversationId: string,
    requestId: string,
    call?: StoreCall,
  ): Promise<readonly StoredMessage[]>
  /** The newest active messages, oldest first. The cost depends on `limit`, not on the length of the conversation. */
  history(conversationId: string, query: HistoryQuery, call?: StoreCall): Promise<readonly StoredMessage[]>
  list(conversationId: string, query?: MessageQuery, call?: StoreCall): Promise<Page<StoredMessage>>
  search(query: MessageSearch, call?: StoreCall): Promise<Page<StoredMessage>>
  /** Messages that have replies, oldest first. */
  threads(conversationId: string, query?: PageQuery, call?: StoreCall): Promise<Page<Thread>>
  update(conversationId: string, id: string, patch: MessagePatch, call?: ChangeCall): Promise<StoredMessage>
  /** Resolves to the number of changed messages. Rejects with `not-found` if an id is unknown; nothing changes then. */
  activate(conversationId: string, change: Activation, call?: StoreCall): Promise<number>
  /**
   * Marks the message as deleted, which removes it from history, lists and search, and permanently removes its attachments.
   * Its replies and reactions keep referring to it. Resolves to false if it is missing.
   */
  delete(conversationId: string, id: string, call?: StoreCall): Promise<boolean>
  /**
   * Permanently clears the content, removes its reactions and attachments, and marks the message as deleted. Its id,
   * sequence, role, times and relations stay. Resolves to false if there is none.
   */
  wipe(conversationId: string, id: string, call?: StoreCall): Promise<boolean>
}

/** Reactions to messages. Methods reject with `not-found` if the message is missing or deleted. */
export interface ReactionStore {
  /** Adds the reaction or removes an existing one, atomically. Resolves to whether it is present now. */
  toggle(conversationId: string, key: ReactionKey, call?: StoreCall): Promise<boolean>
  /** Resolves to false if the reaction already exists. */
  add(conversationId: string, key: ReactionKey, call?: StoreCall): Promise<boolean>
  /** Resolves to false if there is no such reaction. */
  remove(conversationId: string, key: ReactionKey, call?: StoreCall): Promise<boolean>
  /** All reactions to one message, oldest first. */
  list(conversationId: string, messageId: string, call?: StoreCall): Promise<readonly Reaction[]>
  /** Reactions to these messages, grouped by message and emoji, ordered by the first reaction of each group. */
  groups(
    conversationId: string,
    messageIds: readonly string[],
    call?: StoreCall,
  ): Promise<readonly ReactionGroup[]>
}

/** Attachments of a conversation. */
export interface AttachmentStore {
  /** Rejects with `not-found` if the conversation, or the given message, is missing or deleted. */
  add(conversationId: string, attachment: NewAttachment, call?: StoreCall): Promise<Attachment>
  get(conversationId: string, id: string, call?: StoreCall): Promise<Attachment | undefined>
  /** Attachments of the conversation, or of the message `messageId`, oldest first. */
  list(
    conversationId: string,
    query?: PageQuery & { readonly messageId?: string | undefined },
    call?: StoreCall,
  ): Promise<Page<Attachment>>
  /** Assigns attachments to a message, for those that were added before it was sent. */
  link(
    conversationId: string,
    change: { readonly ids: readonly string[]; readonly messageId: string },
    call?: StoreCall,
  ): Promise<void>
  /** Permanently removes the attachment. Resolves to false if there is none. */
  delete(conversationId: string, id: string, call?: StoreCall): Promise<boolean>
}

/** Tasks of a conversation. */
export interface TaskStore {
  add(conversationId: string, task: NewTask, call?: StoreCall): Promise<ChatTask>
  update(conversationId: string, id: string, patch: TaskPatch, call?: ChangeCall): Promise<ChatTask>
  /** All tasks, oldest first. */
  list(conversationId: string, call?: StoreCall): Promise<readonly ChatTask[]>
  /** Resolves to false if there is none. */
  delete(conversationId: string, id: string, call?: StoreCall): Promise<boolean>
}

/** Summaries of a conversation. Saving one keeps the older ones. */
export interface SummaryStore {
  save(conversationId: string, summary: NewSummary, call?: StoreCall): Promise<Summary>
  /** The summary with the highest `upToSequence`; of several, the newest. */
  latest(conversationId: string, call?: StoreCall): Promise<Summary | undefined>
  /** Summaries in the order of `latest`, best first. */
  list(conversationId: string, query?: PageQuery, call?: StoreCall): Promise<Page<Summary>>
}

/** Lifetime usage of users, which are pairs of organisation and id. Independent of conversations, because calls that were not stored count as well. */
export interface UsageStore {
  /** Adds to the user's totals, atomically. */
  add(user: UserReference, charge: UsageCharge, call?: StoreCall): Promise<void>
  /** The user's totals; all zero for an unknown user. */
  get(user: UserReference, call?: StoreCall): Promise<UserUsage>
}

/** The parts of a store, for use inside or outside a transaction. */
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
 * Stores conversations with their messages, reactions, attachments, tasks and summaries. Every method is atomic. Returned
 * records never change afterwards.
 *
 * `chatStoreLaws` of `llm-switchyard/testing` checks that a store keeps this contract.
 */
export interface ChatStore extends ChatStoreUnit {
  /**
   * Runs `work` in a transaction: its writes through `unit` are committed when it resolves and rolled back when it rejects.
   * Keep it short and call no model inside, because some stores allow one writing transaction at a time. Use only `unit`
   * inside: a call on the store itself would wait for its own transaction to end.
   */
  transaction<T>(work: (unit: ChatStoreUnit) => Promise<T>, call?: StoreCall): Promise<T>
  /** Closes the connections that the store opened itself. Idempotent; later calls reject with `misconfigured`. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
