import { ResponseAccumulator } from '../core/accumulate-response.ts'
import type { Call, OutputFilter } from '../core/call.ts'
import type { LlmError } from '../core/error.ts'
import type { Feature } from '../core/feature.ts'
import type { Message } from '../core/message.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { ChatResponse, Usage } from '../core/response.ts'
import type { StageContext } from '../core/stage-context.ts'
import { stageOrder, type Next, type Stage } from '../core/stage.ts'
import { WholeResponse } from '../core/whole-response.ts'
import { ModerationRun, type ModerationEvent } from './moderation-run.ts'
import type { ModerationContext, ModerationSource, Moderator } from './moderator.ts'
import {
  readModeration,
  type DirectionPolicy,
  type ModeratedCaller,
  type ModerationOptions,
  type ModerationPolicy,
} from './policy.ts'
import { reviewMessages } from './review-messages.ts'
import { reviewResponse } from './review-response.ts'
import { createScanFilter } from './stream-filter.ts'

/**
 * Moderates the messages of users before a call waits or is sent, and responses before they are delivered. Throws
 * `misconfigured` naming the option that is wrong, `invalid-request` for a rule that is refused.
 */
export function moderation(options: ModerationOptions = {}): Feature {
  const policyOf = readModeration(options)
  return {
    name: 'moderation',
    mount: (context) => {
      const shared = { context, policyOf }
      return { stages: [new InputModeration(shared), new OutputModeration(shared)] }
    },
  }
}

interface Shared {
  readonly context: StageContext
  readonly policyOf: (caller: ModeratedCaller) => ModerationPolicy
}

/** Before the queue: replaces the texts of users by what the moderators leave of them, or refuses the call. */
class InputModeration implements Stage {
  readonly name = 'input-moderation'
  readonly at = 'call'
  readonly order = stageOrder.inputModeration
  readonly #shared: Shared

  constructor(shared: Shared) {
    this.#shared = shared
  }

  async run(call: Call, next: Next): Promise<ResponseStream> {
    if (!isModerated(call)) return next(call)
    const policy = this.#shared.policyOf(call)
    const messages = policy.input === undefined ? call.messages : await this.#review(call, policy.input)
    return next({ ...call, messages, outputFilter: this.#filterOf(call, policy) })
  }

  async #review(call: Call, direction: DirectionPolicy): Promise<readonly Message[]> {
    const run = startRun(this.#shared.context, call, direction, 'input')
    const messages = await reviewMessages(run, call.messages)
    if (call.scope.error !== undefined) throw call.scope.error
    const { provider, model } = call.target
    if (run.issues.length > 0) throw run.error().with({ provider, model, requestId: call.requestId })
    return messages
  }

  #filterOf(call: Call, { output, stream }: ModerationPolicy): (() => OutputFilter) | undefined {
    if (output === undefined || (call.stream && stream !== 'scan')) return undefined
    const scanning = output.moderators.filter(({ scan }) => scan !== undefined)
    if (scanning.length === 0) return undefined
    return () => createScanFilter(scanning, startRun(this.#shared.context, call, output, 'output'))
  }
}

/** Around the attempts: holds back a response that has to be moderated whole. */
class OutputModeration implements Stage {
  readonly name = 'output-moderation'
  readonly at = 'call'
  readonly order = stageOrder.outputModeration
  readonly #shared: Shared

  constructor(shared: Shared) {
    this.#shared = shared
  }

  run(call: Call, next: Next): Promise<ResponseStream> {
    const policy = isModerated(call) ? this.#shared.policyOf(call) : undefined
    const direction = policy?.output
    if (policy === undefined || direction === undefined || !holds(call, policy, direction)) return next(call)
    return this.#hold(call, next, { policy, direction })
  }

  async #hold(
    call: Call,
    next: Next,
    { policy, direction }: { readonly policy: ModerationPolicy; readonly direction: DirectionPolicy },
  ): Promise<ResponseStream> {
    const reply = await next(call)
    const run = startRun(this.#shared.context, call, direction, 'output')
    const whole = await collected(reply)
    const isFiltered = policy.stream !== 'hold' || !call.stream
    const which = (moderator: Moderator): boolean => !isFiltered || moderator.scan === undefined
    const response = await reviewResponse(run, whole, which)
    if (call.scope.error !== undefined) throw call.scope.error
    if (response === undefined) throw blockedResponse(run.error(), reply, whole.usage)
    return new WholeResponse(response, reply)
  }
}

// Embeddings and the like have no messages of a chat to moderate.
function isModerated({ operation, moderation: asked }: Call): boolean {
  return operation === 'chat' && asked !== false
}

// Moderators that scan streams run in the exchange; the others, and a held stream, need the whole response.
function holds(call: Call, policy: ModerationPolicy, direction: DirectionPolicy): boolean {
  if (!call.stream) return direction.moderators.some(({ scan }) => scan === undefined)
  return policy.stream === 'hold'
}

function startRun(
  { emit }: StageContext,
  call: Call,
  side: DirectionPolicy,
  source: ModerationSource,
): ModerationRun {
  const { requestId, userId, conversationId, clock } = call
  const signal = side.moderators.some(({ scan }) => scan === undefined) ? signalOf(call) : undefined
  const context: ModerationContext = { source, requestId, userId, conversationId, signal }
  const tell = emit && ((event: ModerationEvent): void => emit({ type: 'moderation', event }))
  return new ModerationRun({ side, context, clock, tell })
}

// Only moderators that are asynchronous take a signal.
function signalOf({ scope }: Call): AbortSignal {
  const controller = new AbortController()
  scope.onAbort((error) => controller.abort(error))
  return controller.signal
}

async function collected(reply: ResponseStream): Promise<ChatResponse> {
  while ((await reply.read()) !== null);
  return reply.snapshot()
}

// Usage is known; nothing else of the response leaves.
function blockedResponse(
  error: LlmError,
  { provider, model, attempts }: ResponseStream,
  usage: Usage,
): LlmError {
  const partial = new ResponseAccumulator({ provider, model }, '').response({ usage: () => usage })
  return error.with({ provider, model, attempts, partial })
}
