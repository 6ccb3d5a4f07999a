import { LlmError } from '../../core/error.ts'
import { untilAborted } from '../../core/abort.ts'
import { within } from '../../core/host-function.ts'
import { checkOptions } from '../../core/options.ts'
import type {
  Attachment,
  ChatTask,
  Conversation,
  Member,
  Page,
  PageQuery,
  ReactionGroup,
  Summary,
  Thread,
  UserUsage,
} from '../storage/index.ts'
import {
  type AnswerOptions,
  type ChatServiceOptions,
  type ContinueRequest,
  type ConversationRequest,
  type Identity,
  type LocateRequest,
  type LocatedConversation,
  type MessageView,
  type RegenerateRequest,
  type ResendRequest,
  type SendRequest,
  ServiceContext,
  type TurnResult,
  chatServiceSchema,
  checkKinds,
} from '../contract/index.ts'
import type { PendingCall } from '../../tools/index.ts'
import { summaries, summarize } from '../context/index.ts'
import {
  TurnRunner,
  type TurnStream,
  type TurnTask,
  pendingCalls,
  planContinue,
  planRegenerate,
  planResend,
  planTurn,
  withAgent,
} from '../turn/index.ts'
import {
  type ExportRequest,
  type ExportedConversation,
  type ImportRequest,
  exportConversation,
  importConversation,
} from '../transfer/index.ts'
import { type AttachRequest, attach, detach, listAttachments } from './attachments.ts'
import { type ForkRequest, forkConversation, requireBranch, selectVariant, variants } from './branches.ts'
import {
  type ConversationList,
  type ConversationView,
  type CreateRequest,
  type ListRequest,
  type UpdateRequest,
  createConversation,
  deleteConversation,
  getConversation,
  listConversations,
  locateConversation,
  removeMember,
  setMember,
  updateConversation,
  userUsage,
} from './conversations.ts'
import {
  type EditRequest,
  type HistoryRequest,
  type MessageRequest,
  type PostRequest,
  type ReactionState,
  type SearchRequest,
  deleteMessage,
  editMessage,
  getMessage,
  listReactions,
  listThreads,
  messageHistory,
  postMessage,
  searchMessages,
  toggleReaction,
} from './messages.ts'
import { type AddTaskRequest, type UpdateTaskRequest, addTask, listTasks, updateTask } from './tasks.ts'

/** Stores and answers conversations. Every method takes the caller's `identity` and rejects with an `LlmError`. */
export interface ChatService extends AsyncDisposable {
  /** Answers a user message in an existing or new conversation. If the call is not admitted, nothing is stored. */
  send(request: SendRequest): Promise<TurnResult>
  /** Like `send`, but resolves to a stream at its first content. */
  stream(request: SendRequest): Promise<TurnStream>
  /** Answers a user message again. Earlier answers stay as variants. */
  regenerate(request: RegenerateRequest): Promise<TurnResult>
  /** Like `regenerate`, but resolves to a stream at its first content. */
  regenerateStream(request: RegenerateRequest): Promise<TurnStream>
  /** Replaces a user message and answers it again. */
  resend(request: ResendRequest): Promise<TurnResult>
  /** Like `resend`, but resolves to a stream at its first content. */
  resendStream(request: ResendRequest): Promise<TurnStream>
  /**
   * Goes on with a turn that ended with `pending` calls: runs those that were approved, and asks the model again. Rejects with
   * `conflict` if no call of the message waits, and with `unauthorized` if a decision is not for it.
   */
  continue(request: ContinueRequest): Promise<TurnResult>
  /** Like `continue`, but resolves to a stream. */
  continueStream(request: ContinueRequest): Promise<TurnStream>
  /** The calls of an answer that wait for a decision or a result; none after the turn has gone on. */
  pending(request: MessageRequest): Promise<readonly PendingCall[]>
  /** All variants of a message, oldest first. */
  variants(request: MessageRequest): Promise<readonly MessageView[]>
  /** Makes a variant part of the history instead of the present one. */
  chooseVariant(request: MessageRequest): Promise<MessageView>
  /** Copies a conversation, up to a message, into a new one. */
  fork(request: ForkRequest): Promise<Conversation>

  create(request: CreateRequest): Promise<Conversation>
  /** Resolves to the stored id of the conversation that the caller names, and the caller's role in it. */
  locate(request: LocateRequest): Promise<LocatedConversation>
  list(request: ListRequest): Promise<ConversationList>
  get(request: ConversationRequest & { readonly limit?: number | undefined }): Promise<ConversationView>
  update(request: UpdateRequest): Promise<Conversation>
  /** Marks a conversation as deleted; `erase: true` deletes it permanently. */
  delete(request: ConversationRequest & { readonly erase?: boolean | undefined }): Promise<void>
  setMember(request: ConversationRequest & { readonly member: Member }): Promise<Conversation>
  removeMember(request: ConversationRequest & { readonly userId: string }): Promise<Conversation>

  /** Stores a user message without calling a model. */
  post(request: PostRequest): Promise<MessageView>
  history(request: HistoryRequest): Promise<Page<MessageView>>
  getMessage(request: MessageRequest): Promise<MessageView>
  editMessage(request: EditRequest): Promise<MessageView>
  deleteMessage(request: MessageRequest & { readonly erase?: boolean | undefined }): Promise<void>
  search(request: SearchRequest): Promise<Page<MessageView>>
  threads(request: ConversationRequest & PageQuery): Promise<Page<Thread>>
  toggleReaction(request: MessageRequest & { readonly emoji: string }): Promise<ReactionState>
  reactions(
    request: ConversationRequest & { readonly messageIds: readonly string[] },
  ): Promise<readonly ReactionGroup[]>

  attach(request: AttachRequest): Promise<Attachment>
  attachments(
    request: ConversationRequest & PageQuery & { readonly messageId?: string | undefined },
  ): Promise<Page<Attachment>>
  detach(request: ConversationRequest & { readonly attachmentId: string }): Promise<void>
  addTask(request: AddTaskRequest): Promise<ChatTask>
  updateTask(request: UpdateTaskRequest): Promise<ChatTask>
  tasks(request: ConversationRequest): Promise<readonly ChatTask[]>
  /** Summarizes the newest messages and stores the summary. */
  summarize(request: ConversationRequest & { readonly lastMessages?: number | undefined }): Promise<Summary>
  summaries(request: ConversationRequest & Pick<PageQuery, 'limit' | 'cursor'>): Promise<Page<Summary>>

  export(request: ExportRequest): Promise<ExportedConversation>
  import(request: ImportRequest): Promise<Conversation>
  /** The lifetime usage of the caller. */
  usage(request: {
    readonly identity: Identity
    readonly signal?: AbortSignal | undefined
  }): Promise<UserUsage>

  /** Resolves when titles, summaries and audit entries in the background are written. */
  settled(): Promise<void>
  /**
   * Rejects new requests, waits up to `drainMs` (default 10 000 ms) for running turns, then aborts them and stores their
   * partial answers. Titles and summaries have the same time, and are then aborted and not stored. Charges and audit entries
   * have 1 s more. Always resolves. Does not close the store and the orchestrator. Idempotent.
   */
  close(options?: { readonly drainMs?: number | undefined }): Promise<void>
}

const DEFAULT_DRAIN_MS = 10_000
const MIN_CLOSE_MS = 1_000

/**
 * Creates a chat service from an orchestrator and a store. Throws `misconfigured` if an option is unknown or invalid.
 *
 * ```ts
 * const chats = createChatService({ orchestrator, store })
 * const first = await chats.send({ identity: { userId: 'ada' }, message: 'Hello!', model: 'openai/gpt-4.1-mini' })
 * const next = await chats.send({ identity: { userId: 'ada' }, message: 'And now?', conversationId: first.conversationId })
 * ```
 */
export function createChatService(options: ChatServiceOptions): ChatService {
  checkOptions('createChatService', chatServiceSchema, options)
  const service = new ServiceContext(options)
  let closed = false
  const guarded: Guarded = (work) => async (request) => {
    if (closed)
      throw new LlmError('misconfigured', 'the chat service is closed; create a new one for new requests')
    checkKinds(request)
    return work(service, request)
  }
  // Turns end by their signal themselves, because they store what they have.
  const abortable: Guarded = (work) =>
    guarded((context, request) => {
      const { signal } = request as { readonly signal?: AbortSignal | undefined }
      const running = work(context, request)
      return signal instanceof AbortSignal ? untilAborted({ signal }, running) : running
    })
  const turns = new TurnRunner(service)
  const close = async (drainMs: number): Promise<void> => {
    closed = true
    const { clock } = service
    const until = clock.now() + drainMs
    await turns.close(drainMs)
    const leftMs = until - clock.now()
    if (leftMs > 0) await within(clock, leftMs, service.settled())
    service.endBackground(new LlmError('aborted', 'the chat service was closed', { code: 'shutdown' }))
    // What does not even end by its signal is left behind.
    await within(clock, MIN_CLOSE_MS, service.settled())
  }
  return {
    ...turnMethods(turns, guarded),
    ...conversationMethods(abortable),
    ...messageMethods(abortable),
    ...attachmentMethods(abortable),
    settled: () => service.settled(),
    close: (how) => close(how?.drainMs ?? DEFAULT_DRAIN_MS),
    [Symbol.asyncDispose]: () => close(DEFAULT_DRAIN_MS),
  }
}

type Guarded = <Request, Result>(
  work: (service: ServiceContext, request: Request) => Promise<Result>,
) => (request: Request) => Promise<Result>

type Methods<Name extends keyof ChatService> = Pick<ChatService, Name>

function turnMethods(
  turns: TurnRunner,
  guarded: Guarded,
): Methods<
  | 'send'
  | 'stream'
  | 'regenerate'
  | 'regenerateStream'
  | 'resend'
  | 'resendStream'
  | 'continue'
  | 'continueStream'
> {
  const sendTask = (service: ServiceContext, request: SendRequest): TurnTask =>
    taskOf(request, 'send', async () => planTurn(service, await withAgent(service, request)))
  const regenerateTask = (service: ServiceContext, request: RegenerateRequest): TurnTask =>
    taskOf(request, 'regenerate', async () => planRegenerate(service, await withAgent(service, request)))
  const resendTask = (service: ServiceContext, request: ResendRequest): TurnTask =>
    taskOf(request, 'resend', async () =>
      requireBranch(service, await planResend(service, await withAgent(service, request)), request.signal),
    )
  const continueTask = (service: ServiceContext, request: ContinueRequest): TurnTask => {
    const task = taskOf(request, 'continue', async () =>
      planContinue(service, await withAgent(service, request)),
    )
    const { identity, conversationId, messageId } = request
    // Two that go on with one message are one turn.
    const key = JSON.stringify(['continue', identity?.userId, identity?.orgId, conversationId, messageId])
    return { ...task, key, mayConflict: false }
  }
  return {
    continue: guarded((service, request: ContinueRequest) => turns.run(continueTask(service, request))),
    continueStream: guarded((service, request: ContinueRequest) =>
      turns.runStreaming(continueTask(service, request)),
    ),
    send: guarded((service, request: SendRequest) => turns.run(sendTask(service, request))),
    stream: guarded((service, request: SendRequest) => turns.runStreaming(sendTask(service, request))),
    regenerate: guarded((service, request: RegenerateRequest) => turns.run(regenerateTask(service, request))),
    regenerateStream: guarded((service, request: RegenerateRequest) =>
      turns.runStreaming(regenerateTask(service, request)),
    ),
    resend: guarded((service, request: ResendRequest) => turns.run(resendTask(service, request))),
    resendStream: guarded((service, request: ResendRequest) =>
      turns.runStreaming(resendTask(service, request)),
    ),
  }
}

function conversationMethods(
  guarded: Guarded,
): Methods<
  | 'create'
  | 'locate'
  | 'list'
  | 'get'
  | 'update'
  | 'delete'
  | 'setMember'
  | 'removeMember'
  | 'fork'
  | 'export'
  | 'import'
  | 'usage'
> {
  return {
    create: guarded(createConversation),
    locate: guarded(locateConversation),
    list: guarded(listConversations),
    get: guarded(getConversation),
    update: guarded(updateConversation),
    delete: guarded(deleteConversation),
    setMember: guarded(setMember),
    removeMember: guarded(removeMember),
    fork: guarded(forkConversation),
    export: guarded(exportConversation),
    import: guarded(importConversation),
    usage: guarded(userUsage),
  }
}

function messageMethods(
  guarded: Guarded,
): Methods<
  | 'post'
  | 'history'
  | 'getMessage'
  | 'pending'
  | 'editMessage'
  | 'deleteMessage'
  | 'search'
  | 'threads'
  | 'toggleReaction'
  | 'reactions'
  | 'variants'
  | 'chooseVariant'
> {
  return {
    post: guarded(postMessage),
    history: guarded(messageHistory),
    getMessage: guarded(getMessage),
    pending: guarded(pendingCalls),
    editMessage: guarded(editMessage),
    deleteMessage: guarded(deleteMessage),
    search: guarded(searchMessages),
    threads: guarded(listThreads),
    toggleReaction: guarded(toggleReaction),
    reactions: guarded(listReactions),
    variants: guarded(variants),
    chooseVariant: guarded(selectVariant),
  }
}

function attachmentMethods(
  guarded: Guarded,
): Methods<
  'attach' | 'attachments' | 'detach' | 'addTask' | 'updateTask' | 'tasks' | 'summarize' | 'summaries'
> {
  return {
    attach: guarded(attach),
    attachments: guarded(listAttachments),
    detach: guarded(detach),
    addTask: guarded(addTask),
    updateTask: guarded(updateTask),
    tasks: guarded(listTasks),
    summarize: guarded(summarize),
    summaries: guarded(summaries),
  }
}

function taskOf(request: TaskRequest, operation: TaskOperation, plan: TurnTask['plan']): TurnTask {
  const { identity, requestId, conversationId, message } = request
  const caller = [identity?.userId, identity?.orgId]
  const key = requestId && JSON.stringify([operation, ...caller, conversationId, requestId])
  const facts = {
    operation,
    userId: identity?.userId ?? '',
    requestId: requestId ?? '',
    conversationId,
    prompt: typeof message === 'string' ? message : '',
  }
  const { signal, timeouts } = request
  return {
    plan,
    key,
    facts,
    limits: { signal, timeouts },
    mayConflict: key !== undefined || request.begin === true,
  }
}

type TaskOperation = TurnTask['facts']['operation']
type TaskRequest = AnswerOptions & Partial<Pick<SendRequest, 'conversationId' | 'message' | 'begin'>>
