import { ResponseAccumulator } from '../core/accumulate-response.ts'
import { readCacheMark } from '../core/cache-mark.ts'
import type { Call, OutputFilter } from '../core/call.ts'
import { toLlmError, type LlmError } from '../core/error.ts'
import type { Feature } from '../core/feature.ts'
import { parentOf } from '../core/parent-call.ts'
import type { Message } from '../core/message.ts'
import type { ChatRequest } from '../core/request.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { ChatResponse, Usage } from '../core/response.ts'
import type { MessageReview } from '../core/review.ts'
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
import { JudgedTexts } from './judged-texts.ts'
import { reviewMessages, reviewTools } from './review-messages.ts'
import { reviewResponse } from './review-response.ts'
import { createScanFilter } from './stream-filter.ts'

/**
 * Moderates messages and tools before a call is queued, and responses before they are delivered. Throws `misconfigured` if an
 * option is not valid, and `invalid-request` if a rule is not valid.
 */
export function moderation(options: ModerationOptions = {}): Feature {
  const policyOf = readModeration(options)
  return {
    name: 'moderation',
    mount: (context) => {
      const shared: Shared = { context, policyOf, judged: new JudgedTexts() }
      return {
        stages: [new InputModeration(shared), new OutputModeration(shared)],
        review: (review) => reviewStored(shared, review),
      }
    },
  }
}

/** Moderates messages that are stored without a call, as the messages of a call. */
async function reviewStored(shared: Shared, review: MessageReview): Promise<readonly Message[]> {
  const { messages, requestId, userId, conversationId, clock, signal } = review
  const { input: direction } = shared.policyOf(review)
  if (direction === undefined) return messages
  const { logger } = shared.context
  const caller = { requestId, userId, conversationId, clock, logger, signal }
  const run = createRun(shared, caller, { direction, source: 'input' })
  const reviewed = await reviewMessages(run, messages, 0)
  if (run.issues.length > 0) throw run.error().with({ requestId })
  return reviewed
}

interface Shared {
  readonly context: StageContext
  readonly policyOf: (caller: ModeratedCaller) => ModerationPolicy
  readonly judged: JudgedTexts
}

/** Moderates messages and tools before the queue. Redacts them, or rejects the call with `content-blocked`. */
class InputModeration implements Stage {
  readonly name = 'input-moderation'
  readonly at = 'call'
  readonly order = stageOrder.inputModeration
  readonly endsWithCall = true
  readonly #shared: Shared

  constructor(shared: Shared) {
    this.#shared = shared
  }

  async run(call: Call, next: Next): Promise<ResponseStream> {
    if (!isModerated(call)) return next(call)
    const policy = this.#shared.policyOf(call)
    const checked = policy.input === undefined ? undefined : await this.#review(call, policy.input)
    return next({ ...call, ...checked, outputFilter: this.#filterOf(call, policy) })
  }

  async #review(call: Call, direction: DirectionPolicy): Promise<Pick<Call, 'messages' | 'settings'>> {
    const { messages, settings } = call
    const run = startRun(this.#shared, call, { direction, source: 'input' })
    const reviewed = await reviewMessages(run, messages, ownInstructions(call.request as ChatRequest))
    const tools = settings.tools && (await reviewTools(run, settings.tools))
    if (call.scope.error !== undefined) throw call.scope.error
    const { provider, model } = call.target
    if (run.issues.length > 0) throw run.error().with({ provider, model, requestId: call.requestId })
    return { messages: reviewed, settings: tools === settings.tools ? settings : { ...settings, tools } }
  }

  #filterOf(call: Call, { output, stream }: ModerationPolicy): (() => OutputFilter) | undefined {
    if (output === undefined || (call.stream && stream !== 'scan')) return undefined
    const scanning = output.moderators.filter(({ scan }) => scan !== undefined)
    if (scanning.length === 0) return undefined
    return () =>
      createScanFilter(scanning, startRun(this.#shared, call, { direction: output, source: 'output' }))
  }
}

/** Moderates responses that moderators need whole. Withholds them until they are moderated. */
class OutputModeration implements Stage {
  readonly name = 'output-moderation'
  readonly at = 'call'
  readonly order = stageOrder.outputModeration
  readonly endsWithCall = true
  readonly #shared: Shared

  constructor(shared: Shared) {
    this.#shared = shared
  }

  run(call: Call, next: Next): Promise<ResponseStream> {
    const policy = isModerated(call) ? this.#shared.policyOf(call) : undefined
    const direction = policy?.output
    if (policy === undefined || direction === undefined || !needsWhole(call, policy, direction))
      return next(call)
    return this.#moderateWhole(call, next, { policy, direction })
  }

  async #moderateWhole(
    call: Call,
    next: Next,
    { policy, direction }: { readonly policy: ModerationPolicy; readonly direction: DirectionPolicy },
  ): Promise<ResponseStream> {
    const reply = await next(call)
    const run = startRun(this.#shared, call, { direction, source: 'output' })
    const whole = await readWhole(reply)
    const isFiltered = policy.stream !== 'hold' || !call.stream
    const which = (moderator: Moderator): boolean => !isFiltered || moderator.scan === undefined
    const review = async (): Promise<ChatResponse> => {
      const response = await reviewResponse(run, whole, which)
      if (call.scope.error !== undefined) throw call.scope.error
      if (response === undefined) throw run.error()
      return response
    }
    const response = await review().catch((error: unknown) => {
      throw withheldError(error, reply, whole.usage)
    })
    return new WholeResponse(response, reply)
  }
}

// Only chat has messages to moderate.
function isModerated({ operation, moderation: isEnabled }: Call): boolean {
  return operation === 'chat' && isEnabled !== false
}

// Moderators with a scan run inside the exchange. The others, and `stream: 'hold'`, need the whole response.
function needsWhole(call: Call, policy: ModerationPolicy, direction: DirectionPolicy): boolean {
  if (!call.stream) return direction.moderators.some(({ scan }) => scan === undefined)
  return policy.stream === 'hold'
}

interface Moderated {
  readonly direction: DirectionPolicy
  readonly source: ModerationSource
}

function startRun(shared: Shared, call: Call, moderated: Moderated): ModerationRun {
  const { requestId, userId, conversationId, clock, logger } = call
  const isAsync = moderated.direction.moderators.some(({ scan }) => scan === undefined)
  const asked = isAsync ? { signal: signalOf(call), parent: parentOf(call, 'moderation') } : undefined
  return createRun(shared, { requestId, userId, conversationId, clock, logger, ...asked }, moderated)
}

type RunCaller = Omit<ModerationContext, 'source'> & Pick<Call, 'clock' | 'logger'>

function createRun(
  { context: { emit }, judged }: Shared,
  { clock, logger, ...caller }: RunCaller,
  { direction, source }: Moderated,
): ModerationRun {
  const context: ModerationContext = { source, ...caller }
  const onDecision = (event: ModerationEvent): void => {
    emit?.({ type: 'moderation', event })
    logger?.warn(event, event.action === 'failed' ? 'a moderator failed' : 'moderation found something')
  }
  const isHeard = emit !== undefined || logger !== undefined
  return new ModerationRun({
    direction,
    context,
    clock,
    judged,
    onDecision: isHeard ? onDecision : undefined,
  })
}

/** The number of messages that `system` became. */
function ownInstructions({ system }: ChatRequest): number {
  if (typeof system !== 'object') return system === undefined || system === '' ? 0 : 1
  return system.filter((part, at) => at === system.length - 1 || readCacheMark(part) !== undefined).length
}

// Only asynchronous moderators take a signal.
function signalOf({ scope }: Call): AbortSignal {
  const controller = new AbortController()
  scope.onAbort((error) => controller.abort(error))
  return controller.signal
}

async function readWhole(reply: ResponseStream): Promise<ChatResponse> {
  while ((await reply.read()) !== null);
  return reply.snapshot()
}

// The provider has answered, so the error tells the usage of the response, without its content.
function withheldError(
  error: unknown,
  { provider, model, attempts }: ResponseStream,
  usage: Usage,
): LlmError {
  const partial = new ResponseAccumulator({ provider, model }, '').response({ usage: () => usage })
  const known = toLlmError(error, 'server-failed', 'the response could not be moderated')
  return known.with({ provider, model, attempts, partial })
}
