import { systemClock, type Clock } from '../../core/clock.ts'
import { priceOf } from '../../core/cost-of.ts'
import { LlmError, toLlmError } from '../../core/error.ts'
import { safeLogger } from '../../core/log.ts'
import type { ChatResponse, Usage } from '../../core/response.ts'
import { createMemoryStore } from '../memory/index.ts'
import type {
  ChatStore,
  ChatStoreUnit,
  Conversation,
  UserKey,
  MemberRole,
  StoredMessage,
} from '../storage/index.ts'
import { type Auditor, createAuditor } from './audit.ts'
import { boundedStore } from './bounded-store.ts'
import type { ChatServiceOptions } from './options.ts'
import { type Guard, type Identity, type Operation, createGuard, unknownConversation } from './permissions.ts'
import { type ConversationRequest, findNamed, freeName } from './named-conversation.ts'
import { checkId, checkNewId, refuse } from './requests.ts'

export type { ConversationRequest } from './named-conversation.ts'

/** Asks which conversation an id means to a user. */
export interface LocateRequest extends ConversationRequest {
  /** The operation that the caller has to be allowed. Default `get`. */
  readonly operation?: Operation | undefined
  /** Whether an id without a conversation is accepted as that of a new one, as `send` with `begin` does. Default false. */
  readonly begin?: boolean | undefined
}

/** A conversation that an id means to a user. */
export interface LocatedConversation {
  /** The stored id. It differs from the given one if that one was in use when the user began the conversation. */
  readonly conversationId: string
  /** The user's role; absent if the conversation does not exist yet. */
  readonly role?: MemberRole | undefined
}

/** What `begin` found: a conversation with the caller's role in it, or the id of a new one. */
export interface BegunConversation {
  readonly id: string
  readonly conversation?: Conversation | undefined
  readonly role?: MemberRole | undefined
}

/** A conversation that the caller may access, with the caller's role in it. */
export interface OpenConversation {
  readonly identity: Identity
  readonly conversation: Conversation
  readonly role: MemberRole
}

const DEFAULT_STORE_MS = 10_000
const IN_MEMORY =
  'the chat service has no store: it keeps chats in the memory of this process, and loses them when it ends; pass createChatService({ store })'

/** Dependencies shared by all operations of one chat service. */
export class ServiceContext {
  readonly options: ChatServiceOptions
  readonly store: ChatStore
  readonly guard: Guard
  readonly clock: Clock
  readonly auditor: Auditor
  readonly #background = new Set<Promise<void>>()
  readonly #closing = new AbortController()

  constructor(options: ChatServiceOptions) {
    const { orchestrator, storeTimeoutMs: timeoutMs = DEFAULT_STORE_MS, clock = systemClock } = options
    const logger = safeLogger(options.logger ?? orchestrator.logger)
    if (options.store === undefined && options.persist !== false) logger?.warn({}, IN_MEMORY)
    this.store = boundedStore(options.store ?? createMemoryStore({ clock }), { clock, timeoutMs })
    this.options = { ...options, logger, costUsd: options.costUsd ?? orchestrator.costUsd }
    this.guard = createGuard(options.access)
    this.clock = clock
    this.auditor = createAuditor(options.audit, { logger, clock })
  }

  /**
   * Loads a conversation and checks that the caller may do `operation` in it. Rejects with `unauthorized` or `not-found`
   * otherwise. Every access to a conversation goes through this method.
   */
  async open(request: ConversationRequest, operation: Operation): Promise<OpenConversation> {
    const identity = this.guard.identify(request.identity)
    const { conversationId: id, signal } = request
    checkId('conversationId', id)
    const conversation = await findNamed(this, { identity, conversationId: id, signal })
    if (conversation === undefined) throw unknownConversation(id)
    const role = await this.guard.check(identity, operation, conversation)
    return { identity, conversation, role }
  }

  /**
   * Finds the conversation that the caller names, like `open`, or the stored id under which the caller may begin it.
   * Rejects with `invalid-request` if the id may not name a new conversation.
   */
  async begin(request: ConversationRequest, operation: Operation): Promise<BegunConversation> {
    const identity = this.guard.identify(request.identity)
    checkId('conversationId', request.conversationId)
    const conversation = await findNamed(this, { ...request, identity })
    const role = conversation && (await this.guard.roleIn(identity, conversation))
    if (conversation !== undefined && role !== undefined) {
      await this.guard.check(identity, operation, conversation)
      return { conversation, id: conversation.id, role }
    }
    checkNewId('conversationId', request.conversationId)
    const named = await freeName(this, { ...request, identity })
    if (named.conversation === undefined) return { id: named.id }
    return { ...named, role: await this.guard.check(identity, operation, named.conversation) }
  }

  /** Loads a message of an opened conversation. Rejects with `not-found` if it has no such message. */
  async message(conversationId: string, id: string, signal?: AbortSignal): Promise<StoredMessage> {
    checkId('messageId', id)
    const message = await this.store.messages.get(conversationId, id, { signal })
    if (message !== undefined) return message
    throw new LlmError('not-found', `conversation "${conversationId}" has no message "${id}"`, {
      code: 'message-not-found',
    })
  }

  /** The cost of a response in US dollars; `null` if it is unknown or `costUsd` throws. */
  costOf(response: Pick<ChatResponse, 'usage' | 'provider' | 'model'>): number | null {
    return priceOf(this.options, response)
  }

  /**
   * Runs `work` in the background, with a signal that aborts when the service has closed. Errors are logged and do not reach a
   * caller.
   */
  inBackground(what: string, work: (signal: AbortSignal) => Promise<unknown>): void {
    const { signal } = this.#closing
    const run = async (): Promise<void> => {
      try {
        await work(signal)
      } catch (error) {
        this.options.logger?.warn({ what }, toLlmError(error, 'misconfigured', `${what} failed`).message)
      }
    }
    const done = run().finally(() => this.#background.delete(done))
    this.#background.add(done)
  }

  /** Aborts the signal of all background work, of this and of later. */
  endBackground(reason: LlmError): void {
    this.#closing.abort(reason)
  }

  /** Resolves when all background work has ended. */
  async settled(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background)
    await this.auditor.settled()
  }
}

/** Adds the usage and cost of a call to a user's totals. */
export function charge(
  unit: Pick<ChatStoreUnit, 'usage'>,
  { userId, orgId }: UserKey,
  { usage, costUsd }: { readonly usage: Usage; readonly costUsd: number | null },
): Promise<void> {
  return unit.usage.add({ userId, orgId }, { usage, costUsd })
}

/** Throws `invalid-request` unless the value is a string of 1 to `most` characters that is not blank. */
export function checkNonEmptyText(path: string, value: unknown, most: number): asserts value is string {
  if (typeof value !== 'string' || value.trim() === '' || value.length > most)
    refuse(path, `takes a string of 1 to ${most} characters`)
}
