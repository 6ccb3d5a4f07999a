import { LlmError } from '../../core/error.ts'
import type { Page, PageQuery } from '../storage/pagination.ts'
import type {
  Attachment,
  ChatTask,
  Conversation,
  Member,
  ReactionGroup,
  Summary,
  UserUsage,
} from '../storage/records.ts'
import type { Thread } from '../storage/store.ts'
import type { Identity } from '../contract/permissions.ts'
import {
  addTask,
  attach,
  detach,
  listAttachments,
  listTasks,
  updateTask,
  type AddTaskRequest,
  type AttachRequest,
  type UpdateTaskRequest,
} from './attachments.ts'
import {
  selectVariant,
  forkConversation,
  planRegenerate,
  planResend,
  variants,
  type ForkRequest,
  type RegenerateRequest,
  type ResendRequest,
} from './branches.ts'
import { ServiceContext, type ConversationRequest } from '../contract/service-context.ts'
import {
  createConversation,
  deleteConversation,
  getConversation,
  listConversations,
  removeMember,
  setMember,
  updateConversation,
  userUsage,
  type ConversationList,
  type ConversationView,
  type CreateRequest,
  type ListRequest,
  type MessageView,
  type UpdateRequest,
} from './conversations.ts'
import { checkOptions, type ChatServiceOptions } from '../contract/options.ts'
import { planTurn } from '../turn/plan-turn.ts'
import type { AnswerOptions, SendRequest, TurnResult } from '../contract/requests.ts'
import { summaries, summarize } from '../context/summarize.ts'
import {
  deleteMessage,
  editMessage,
  getMessage,
  listReactions,
  listThreads,
  messageHistory,
  postMessage,
  searchMessages,
  toggleReaction,
  type EditRequest,
  type HistoryRequest,
  type MessageRequest,
  type PostRequest,
  type ReactionState,
  type SearchRequest,
} from './messages.ts'
import {
  exportConversation,
  importConversation,
  type ExportedConversation,
  type ExportRequest,
  type ImportRequest,
} from '../transfer/import-export.ts'
import type { TurnStream } from '../turn/turn-stream.ts'
import { TurnRunner, type TurnTask } from '../turn/turn-runner.ts'

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
  const desk = new ServiceContext(options)
  let closed = false
  const guarded: Guarded = (work) => async (request) => {
    if (closed) throw new LlmError('misconfigured', 'the chat service is closed: it takes no new requests')
    return work(desk, request)
  }
  const turns = new TurnRunner(desk)
  const close = async (drainMs: number): Promise<void> => {
    closed = true
    await turns.close(drainMs)
    await desk.settled()
  }
  return {
    ...turnMethods(turns, guarded),
    ...directoryMethods(guarded),
    ...talkMethods(guarded),
    ...annexMethods(guarded),
    settled: () => desk.settled(),
    close: (how) => close(how?.drainMs ?? DEFAULT_DRAIN_MS),
    [Symbol.asyncDispose]: () => close(DEFAULT_DRAIN_MS),
  }
}

type Guarded = <Request, Result>(
  work: (desk: ServiceContext, request: Request) => Promise<Result>,
) => (request: Request) => Promise<Result>

type Methods<Name extends keyof ChatService> = Pick<ChatService, Name>

function turnMethods(
  turns: TurnRunner,
  guarded: Guarded,
): Methods<'send' | 'stream' | 'regenerate' | 'regenerateStream' | 'resend' | 'resendStream'> {
  const sending = (desk: ServiceContext, request: SendRequest): TurnTask =>
    jobOf(request, 'send', () => planTurn(desk, request))
  const again = (desk: ServiceContext, request: RegenerateRequest): TurnTask =>
    jobOf(request, 'regenerate', () => planRegenerate(desk, request))
  const anew = (desk: ServiceContext, request: ResendRequest): TurnTask =>
    jobOf(request, 'resend', () => planResend(desk, request))
  return {
    send: guarded((desk, request: SendRequest) => turns.run(sending(desk, request))),
    stream: guarded((desk, request: SendRequest) => turns.runStreaming(sending(desk, request))),
    regenerate: guarded((desk, request: RegenerateRequest) => turns.run(again(desk, request))),
    regenerateStream: guarded((desk, request: RegenerateRequest) => turns.runStreaming(again(desk, request))),
    resend: guarded((desk, request: ResendRequest) => turns.run(anew(desk, request))),
    resendStream: guarded((desk, request: ResendRequest) => turns.runStreaming(anew(desk, request))),
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
