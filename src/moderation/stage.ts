import type { OutputFilter, Call } from '../core/call.ts'
import { ResponseAccumulator, responseToEvents } from '../core/accumulate-response.ts'
import type { LlmError } from '../core/error.ts'
import type { EventBatch, StreamEvent } from '../core/event.ts'
import type { Message, UserPart } from '../core/message.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { Attempt, ChatResponse, Usage } from '../core/response.ts'
import type { Stage } from '../core/stage.ts'
import {
  readModeration,
  ModerationRun,
  type ModeratedCaller,
  type ModerationContext,
  type ModerationEvent,
  type ModerationOptions,
  type ModerationPolicy,
  type DirectionPolicy,
  type ModerationSource,
  type Moderator,
} from './index.ts'
import { exchangeChat } from '../exchange/chat.ts'
import { createScanFilter } from './stream-filter.ts'
import { reviewResponse } from './review-response.ts'
import type { OrchestratorContext } from '../orchestrator/create-call.ts'

/** Moderates what users write before it waits for anything, and what models answer before anyone gets it. */
export class Moderation {
  readonly #host: OrchestratorContext
  readonly #policyOf: (who: ModeratedCaller) => ModerationPolicy

  /** Throws `misconfigured` naming the option that is wrong. */
  constructor(host: OrchestratorContext, options: ModerationOptions) {
    this.#host = host
    this.#policyOf = readModeration(options)
  }

  /** Before the queue: texts of users are judged, and what is sent is what is left of them. */
  readonly input: Stage = async (call, next) => {
    if (!isModerated(call)) return next(call)
    const policy = this.#policyOf(call)
    const messages = policy.input === undefined ? call.messages : await this.#reviewInput(call, policy.input)
    return next({ ...call, messages, outputFilter: this.#filterOf(call, policy) })
  }

  /** Around the tries: an answer that has to be judged whole is held until it was. */
  readonly output: Stage = async (call, next) => {
    const policy = isModerated(call) ? this.#policyOf(call) : undefined
    const side = policy?.output
    const held = policy !== undefined && side !== undefined && this.#holds(call, policy, side)
    const reply = await next(call)
    if (!held) return reply
    const review = this.#review(call, side, 'output')
    const whole = await collected(reply)
    const filtered = policy.stream !== 'hold' || !call.stream
    const which = (moderator: Moderator): boolean => !filtered || moderator.scan === undefined
    const response = await reviewResponse(review, whole, which)
    if (call.scope.error !== undefined) throw call.scope.error
    if (response === undefined) throw blockedAnswer(review.error(), reply, whole.usage)
    return new HeldReply(reply, response)
  }

  // Moderators that read streams work in the exchange; the others, and a stream that is held, need the whole answer.
  #holds(call: Call, policy: ModerationPolicy, side: DirectionPolicy): boolean {
    if (!call.stream) return side.moderators.some(({ scan }) => scan === undefined)
    return policy.stream === 'hold'
  }

  #filterOf(call: Call, { output, stream }: ModerationPolicy): (() => OutputFilter) | undefined {
    if (output === undefined || (call.stream && stream !== 'scan')) return undefined
    const scanning = output.moderators.filter(({ scan }) => scan !== undefined)
    if (scanning.length === 0) return undefined
    return () => createScanFilter(scanning, this.#review(call, output, 'output'))
  }

  #review(call: Call, side: DirectionPolicy, source: ModerationSource): ModerationRun {
    const { requestId, userId, conversationId, clock } = call
    const signal = side.moderators.some(({ scan }) => scan === undefined) ? signalOf(call) : undefined
    const context: ModerationContext = { source, requestId, userId, conversationId, signal }
    const { onEvent } = this.#host.options
    const tell =
      onEvent === undefined
        ? undefined
        : (event: ModerationEvent): void => onEvent({ type: 'moderation', event })
    return new ModerationRun({ side, context, clock, tell })
  }

  async #reviewInput(call: Call, side: DirectionPolicy): Promise<readonly Message[]> {
    const review = this.#review(call, side, 'input')
    const messages: Message[] = []
    for (const [index, message] of call.messages.entries())
      messages.push(
        message.role === 'user' ? await reviewUser(review, message, `messages.${index}`) : message,
      )
    if (call.scope.error !== undefined) throw call.scope.error
    const { provider, model } = call.target
    if (review.issues.length > 0) throw review.error().with({ provider, model, requestId: call.requestId })
    return messages
  }
}

// Only moderators that are asked, and waited for, need one.
function signalOf({ scope }: Call): AbortSignal {
  const controller = new AbortController()
  scope.onAbort((error) => controller.abort(error))
  return controller.signal
}

type UserTurn = Extract<Message, { role: 'user' }>

async function reviewUser(review: ModerationRun, message: UserTurn, path: string): Promise<UserTurn> {
  const { content } = message
  if (typeof content === 'string') {
    const left = await review.whole(content, `${path}.content`)
    return left === undefined || left === content ? message : { ...message, content: left }
  }
  const parts: UserPart[] = []
  for (const [index, part] of content.entries()) {
    const left =
      part.type === 'text' ? await review.whole(part.text, `${path}.content.${index}.text`) : undefined
    parts.push(part.type === 'text' && left !== undefined ? { ...part, text: left } : part)
  }
  return { ...message, content: parts }
}

// Embeddings and the like pass the same stages, and have no answer to moderate.
function isModerated(call: Call): boolean {
  return call.exchange === exchangeChat && call.moderation !== false
}

async function collected(reply: ResponseStream): Promise<ChatResponse> {
  while ((await reply.read()) !== null);
  return reply.snapshot()
}

// What was spent is known, and nothing else of the answer is told.
function blockedAnswer(
  error: LlmError,
  { provider, model, attempts }: ResponseStream,
  usage: Usage,
): LlmError {
  const partial = new ResponseAccumulator({ provider, model }, '').response({ usage: () => usage })
  return error.with({ provider, model, attempts, partial })
}

/** An answer that was judged whole, given as if it came now. */
class HeldReply implements ResponseStream {
  readonly #reply: ResponseStream
  readonly #collector: ResponseAccumulator
  readonly #response: ChatResponse
  #events: StreamEvent[] | undefined

  constructor(reply: ResponseStream, response: ChatResponse) {
    this.#reply = reply
    this.#response = response
    this.#events = responseToEvents(response)
    this.#collector = new ResponseAccumulator({ provider: reply.provider, model: reply.model }, '')
    this.#collector.add(this.#events)
  }

  get provider(): string {
    return this.#reply.provider
  }

  get model(): string {
    return this.#reply.model
  }

  get attempts(): readonly Attempt[] {
    return this.#reply.attempts
  }

  read(): Promise<EventBatch | null> {
    const events = this.#events
    this.#events = undefined
    return Promise.resolve(events ?? null)
  }

  cancel(): void {
    this.#events = undefined
  }

  onEnd(action: (error?: LlmError) => void): void {
    this.#reply.onEnd(action)
  }

  usage(): Usage {
    return this.#response.usage
  }

  get isWhole(): boolean {
    return true
  }

  snapshot(attempts: readonly Attempt[] = this.#response.attempts): ChatResponse {
    return { ...this.#response, attempts }
  }
}
