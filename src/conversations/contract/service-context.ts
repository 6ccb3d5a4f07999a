import { systemClock, type Clock } from '../../core/clock.ts'
import { LlmError, toLlmError } from '../../core/error.ts'
import type { ChatResponse, Usage } from '../../core/response.ts'
import type { ChatStore, ChatStoreUnit, Conversation, MemberRole, StoredMessage } from '../storage/index.ts'
import { type Auditor, createAuditor } from './audit.ts'
import type { ChatServiceOptions } from './options.ts'
import { type Guard, type Identity, type Operation, createGuard, unknownConversation } from './permissions.ts'
import { checkId, refuse } from './requests.ts'

/** What every request to a conversation takes. */
export interface ConversationRequest {
  readonly identity: Identity
  readonly conversationId: string
  readonly signal?: AbortSignal | undefined
}

/** A conversation that was opened for somebody: the guard has let them through. */
export interface OpenConversation {
  readonly identity: Identity
  readonly conversation: Conversation
  readonly role: MemberRole
}

/** What the parts of one chat service share. */
export class ServiceContext {
  readonly options: ChatServiceOptions
  readonly guard: Guard
  readonly clock: Clock
  readonly auditor: Auditor
  readonly #background = new Set<Promise<void>>()

  constructor(options: ChatServiceOptions) {
    this.options = options
    this.guard = createGuard(options.access)
    this.clock = options.clock ?? systemClock
    this.auditor = createAuditor(options.audit, options.logger)
  }

  /** The store; throws `misconfigured` where the service has none. */
  get store(): ChatStore {
    const { store } = this.options
    if (store !== undefined) return store
    throw new LlmError('misconfigured', 'this chat service keeps nothing: give createChatService a store')
  }

  /** The one way to a conversation: who asks, whether it is there, and whether they may. */
  async open(request: ConversationRequest, operation: Operation): Promise<OpenConversation> {
    const identity = this.guard.identify(request.identity)
    const { conversationId: id, signal } = request
    checkId('conversationId', id)
    const conversation = await this.store.conversations.get(id, { signal })
    if (conversation === undefined) throw unknownConversation(id)
    const role = await this.guard.check(identity, operation, conversation)
    return { identity, conversation, role }
  }

  /** A message of a conversation that was opened; `not-found` where it has none with that id. */
  async message(conversationId: string, id: string, signal?: AbortSignal): Promise<StoredMessage> {
    checkId('messageId', id)
    const message = await this.store.messages.get(conversationId, id, { signal })
    if (message !== undefined) return message
    throw new LlmError('not-found', `conversation "${conversationId}" has no message "${id}"`, {
      code: 'message-not-found',
    })
  }

  /** What an answer costs; `null` where it is not known, or could not be found out. */
  costOf(response: ChatResponse): number | null {
    try {
      const costUsd = this.options.costOf?.(response)
      return costUsd !== undefined && Number.isFinite(costUsd) ? costUsd : null
    } catch (error) {
      this.options.logger?.warn({}, toLlmError(error, 'misconfigured', 'costOf failed').message)
      return null
    }
  }

  /** Work that nobody waits for. What goes wrong is logged; it never reaches a caller. */
  inBackground(what: string, work: () => Promise<unknown>): void {
    const run = async (): Promise<void> => {
      try {
        await work()
      } catch (error) {
        this.options.logger?.warn({ what }, toLlmError(error, 'misconfigured', `${what} failed`).message)
      }
    }
    const done = run().finally(() => this.#background.delete(done))
    this.#background.add(done)
  }

  /** Ends when everything that runs in the background has ended. */
  async settled(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background)
    await this.auditor.settled()
  }
}

/** Counts a call into a user's totals. */
export function charge(
  unit: Pick<ChatStoreUnit, 'usage'>,
  userId: string,
  { usage, costUsd }: { readonly usage: Usage; readonly costUsd: number | null },
): Promise<void> {
  return unit.usage.add(userId, { usage, costUsd })
}

/** A text field that may not be empty. */
export function checkNonEmptyText(path: string, value: unknown, most: number): asserts value is string {
  if (typeof value !== 'string' || value.trim() === '' || value.length > most)
    refuse(path, `takes a text of 1 to ${most} characters`)
}
