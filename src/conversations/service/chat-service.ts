import { LlmError } from '../../core/error.ts'
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
  type ConversationRequest,
  type Identity,
  type MessageView,
  type RegenerateRequest,
  type ResendRequest,
  type SendRequest,
  ServiceContext,
  type TurnResult,
  checkOptions,
} from '../contract/index.ts'
import { summaries, summarize } from '../context/index.ts'
import {
  TurnRunner,
  type TurnStream,
  type TurnTask,
  planRegenerate,
  planResend,
  planTurn,
} from '../turn/index.ts'
import {
  type ExportRequest,
  type ExportedConversation,
  type ImportRequest,
  exportConversation,
  importConversation,
} from '../transfer/index.ts'
import { type AttachRequest, attach, detach, listAttachments } from './attachments.ts'
import { type ForkRequest, forkConversation, selectVariant, variants } from './branches.ts'
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

/** Conversations that are kept, answered and guarded. Every method says who asks, and rejects with an `LlmError`. */
export interface ChatService extends AsyncDisposable {
  /** Answers a user's turn, in a conversation that is there or a new one. A turn that is refused leaves nothing behind. */
  send(request: SendRequest): Promise<TurnResult>
  /** The same as a stream, at its first content. */
  stream(request: SendRequest): Promise<TurnStream>
  /** Answers a user's turn once more; the earlier answers stay as variants. */
  regenerate(request: RegenerateRequest): Promise<TurnResult>
  regenerateStream(request: RegenerateRequest): Promise<TurnStream>
  /** Puts other words in the place of a user's turn, and answers them. */
  resend(request: ResendRequest): Promise<TurnResult>
  resendStream(request: ResendRequest): Promise<TurnStream>
  variants(request: MessageRequest): Promise<readonly MessageView[]>
  chooseVariant(request: MessageRequest): Promise<MessageView>
  fork(request: ForkRequest): Promise<Conversation>

  create(request: CreateRequest): Promise<Conversation>
  list(request: ListRequest): Promise<ConversationList>
  get(request: ConversationRequest & { readonly limit?: number | undefined }): Promise<ConversationView>
  update(request: UpdateRequest): Promise<Conversation>
  /** Takes a conversation out of sight; with `erase`, it is gone for good. */
  delete(request: ConversationRequest & { readonly erase?: boolean | undefined }): Promise<void>
  setMember(request: ConversationRequest & { readonly member: Member }): Promise<Conversation>
  removeMember(request: ConversationRequest & { readonly userId: string }): Promise<Conversation>

  /** Adds a message that nobody answers. */
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
  /** Sums up the newest messages, and keeps the summary. */
  summarize(request: ConversationRequest & { readonly lastMessages?: number | undefined }): Promise<Summary>
  summaries(request: ConversationRequest & Pick<PageQuery, 'limit' | 'cursor'>): Promise<Page<Summary>>

  export(request: ExportRequest): Promise<ExportedConversation>
  import(request: ImportRequest): Promise<Conversation>
  /** What a user has used, ever. */
  usage(request: {
    readonly identity: Identity
    readonly signal?: AbortSignal | undefined
  }): Promise<UserUsage>

  /** Ends when titles, summaries and audit entries that run in the background are written. */
  settled(): Promise<void>
  /**
   * Takes no new requests, lets open turns end for `drainMs` (default 10 000), then ends them and keeps what there is; waits
   * for what runs in the background. The store and the orchestrator stay open: they are the host's. May be called again.
   */
  close(options?: { readonly drainMs?: number | undefined }): Promise<void>
}

const DEFAULT_DRAIN_MS = 10_000

/**
 * Makes a chat service out of an orchestrator and a store.
 *
 * ```ts
 * const chats = createChatService({ orchestrator, store })
 * const first = await chats.send({ identity: { userId: 'ada' }, message: 'Hello!', model: 'openai/gpt-4.1-mini' })
 * const next = await chats.send({ identity: { userId: 'ada' }, message: 'And now?', conversationId: first.conversationId })
 * ```
 */
export function createChatService(options: ChatServiceOptions): ChatService {
  checkOptions(options)
  const service = new ServiceContext(options)
  let closed = false
  const guarded: Guarded = (work) => async (request) => {
    if (closed) throw new LlmError('misconfigured', 'the chat service is closed: it takes no new requests')
    return work(service, request)
  }
  const turns = new TurnRunner(service)
  const close = async (drainMs: number): Promise<void> => {
    closed = true
    await turns.close(drainMs)
    await service.settled()
  }
  return {
    ...turnMethods(turns, guarded),
    ...directoryMethods(guarded),
    ...talkMethods(guarded),
    ...annexMethods(guarded),
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
): Methods<'send' | 'stream' | 'regenerate' | 'regenerateStream' | 'resend' | 'resendStream'> {
  const sending = (service: ServiceContext, request: SendRequest): TurnTask =>
    jobOf(request, 'send', () => planTurn(service, request))
  const again = (service: ServiceContext, request: RegenerateRequest): TurnTask =>
    jobOf(request, 'regenerate', () => planRegenerate(service, request))
  const anew = (service: ServiceContext, request: ResendRequest): TurnTask =>
    jobOf(request, 'resend', () => planResend(service, request))
  return {
    send: guarded((service, request: SendRequest) => turns.run(sending(service, request))),
    stream: guarded((service, request: SendRequest) => turns.runStreaming(sending(service, request))),
    regenerate: guarded((service, request: RegenerateRequest) => turns.run(again(service, request))),
    regenerateStream: guarded((service, request: RegenerateRequest) =>
      turns.runStreaming(again(service, request)),
    ),
    resend: guarded((service, request: ResendRequest) => turns.run(anew(service, request))),
    resendStream: guarded((service, request: ResendRequest) => turns.runStreaming(anew(service, request))),
  }
}

function directoryMethods(
  guarded: Guarded,
): Methods<
  | 'create'
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

function talkMethods(
  guarded: Guarded,
): Methods<
  | 'post'
  | 'history'
  | 'getMessage'
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

function annexMethods(
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

function jobOf(request: JobRequest, operation: JobName, plan: TurnTask['plan']): TurnTask {
  const { identity, requestId, conversationId, message } = request
  const who = [identity?.userId, identity?.orgId]
  const key = requestId && JSON.stringify([operation, ...who, conversationId, requestId])
  const facts = {
    operation,
    userId: identity?.userId ?? '',
    requestId: requestId ?? '',
    conversationId,
    prompt: typeof message === 'string' ? message : '',
  }
  return { plan, key, facts }
}

type JobName = TurnTask['facts']['operation']
type JobRequest = AnswerOptions & Partial<Pick<SendRequest, 'conversationId' | 'message'>>
