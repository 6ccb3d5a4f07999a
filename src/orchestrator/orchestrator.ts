import { withCallerFrames } from '../core/caller-frames.ts'
import { systemClock } from '../core/clock.ts'
import type { EmbedResponse } from '../core/embedding.ts'
import { LlmError } from '../core/error.ts'
import { callSafely, guarded } from '../core/host-function.ts'
import { errorFields, safeLogger, type Logger } from '../core/log.ts'
import type { Message } from '../core/message.ts'
import type { ModelInfo } from '../core/model-list.ts'
import type { ModerateResponse } from '../core/moderation.ts'
import { parseRequest } from '../core/parse-request.ts'
import type { ProviderDefinition } from '../core/provider.ts'
import { createRegistry, type Registry } from '../core/registry.ts'
import type { CallOf, GivenFormat, GivenTools, ObjectFor, TypedRequest } from '../core/reply-types.ts'
import type { CallOptions, ChatRequest, EmbedRequest, ModerateRequest } from '../core/request.ts'
import type { ReviewRequest } from '../core/review.ts'
import type { TokenCount } from '../core/token-count.ts'
import { estimateTokens } from '../core/tokens.ts'
import type { ChatResponse } from '../core/response.ts'
import type { CostOf, Limiter, LimiterStats } from '../limits/index.ts'
import type { CallQueue, QueueStatus } from '../queue/index.ts'
import type { TargetHealth, TargetHealthReport } from '../resilience/index.ts'
import type { ChatStream } from '../stream/index.ts'
import type { RunResponse, TypedRunRequest } from '../tools/index.ts'
import { createFetchTransport } from '../transport/index.ts'
import { readProviders, type CoreOptions } from './config.ts'
import { OrchestratorContext } from './context.ts'
import { createCall, streamLimitsOf } from './create-call.ts'
import { withDefaultProvider, withDefaults } from './defaults.ts'
import { CallRunner } from './call-runner.ts'
import { Features } from './features.ts'
import { hooksStage } from './hooks-stage.ts'
import { createModelKnowledge, type LoadModels, type ModelKnowledge } from './model-facts.ts'
import type { Operation, OperationContext } from './operation.ts'
import { createTargets } from './targets.ts'

/** Counts of one orchestrator since it was created. */
export interface OrchestratorStats {
  /** Calls that were started. */
  readonly calls: number
  /** Calls that run now. */
  readonly active: number
  readonly succeeded: number
  readonly failed: number
  /** Counts of the limiter; absent without `limits`. */
  readonly limits?: LimiterStats | undefined
  /** State of the queue; absent without `queue`. */
  readonly queue?: QueueStatus | undefined
}

/** A response, or with `stream: true` a stream that ends with it. */
export type Replied<Stream, Response extends ChatResponse<unknown>> = Stream extends true
  ? ChatStream<Response>
  : Response

/**
 * Sends a conversation to a model. Resolves to the response, or to a stream if the request has `stream: true`. The types of
 * `object` and `toolCalls` follow from `responseFormat` and `tools`.
 */
export type ChatApiCall = <
  const Tools extends GivenTools,
  const Format extends GivenFormat,
  const Stream extends boolean | undefined = undefined,
>(
  request: TypedRequest<Tools, Format, Stream>,
) => Promise<Replied<Stream, ChatResponse<ObjectFor<Format>, CallOf<Tools>>>>

/**
 * Runs a conversation with tools. Resolves to the result, or to a stream if the request has `stream: true`. The types of
 * `object` and `toolCalls` follow from `responseFormat` and `tools`.
 */
export type RunCall = <
  const Tools extends GivenTools,
  const Format extends GivenFormat,
  const Stream extends boolean | undefined = undefined,
>(
  request: TypedRunRequest<Tools, Format, Stream>,
) => Promise<Replied<Stream, RunResponse<ObjectFor<Format>, CallOf<Tools>>>>

/** The operations of an orchestrator, one method each. */
export interface OrchestratorMethods {
  /** Resolves to the whole response, or with `stream: true` to a stream when its first content has arrived. Rejects with an `LlmError`. */
  readonly chatApiCall: ChatApiCall
  /**
   * Calls a model, runs the tools that it asks for, and calls it again, until it answers. The stream has the events of a call
   * and those of tools: one `start`, one `finish` with the usage of all steps. Rejects with an `LlmError` that has the run so
   * far as `partial`.
   */
  readonly run: RunCall
  /** Embeds texts, in batches of the provider's size. Rejects with `unsupported` if the provider has no embeddings. */
  embed(request: EmbedRequest): Promise<EmbedResponse>
  /** Sends texts to the moderation endpoint of a provider. Rejects with `unsupported` if the provider has none. */
  moderate(request: ModerateRequest): Promise<ModerateResponse>
  /** Lists the models of a provider, up to 50 pages. Takes a provider id or call options. Rejects with `unsupported` if the provider has no list. */
  listModels(request: string | CallOptions): Promise<readonly ModelInfo[]>
  /** Counts the input tokens of a chat request: by the vendor's endpoint if it has one, or else by the estimator. */
  countTokens(request: ChatRequest): Promise<TokenCount>
}

/** Calls providers, with the configured features around every call. */
export interface Orchestrator extends OrchestratorMethods, ModelKnowledge, AsyncDisposable {
  /** The providers: add, replace and list them, and explain what a target does with each setting. */
  readonly registry: Registry
  /** Snapshots and resets of limits by user, conversation and tag. `undefined` without `limits`. */
  readonly limiter: Limiter | undefined
  /** Status and recent activity of the queue, and methods to cancel calls and to clear it. `undefined` without `queue`. */
  readonly queue: CallQueue | undefined
  /** Returns the health of every target that was called, by its name `provider/model`. Empty without the `attempts` feature. */
  health(): Readonly<Record<string, TargetHealth>>
  /** Estimates the tokens of a text, as limits, windows and usage do. */
  readonly estimateTokens: (text: string) => number
  /** The logger of the options. A chat service over this orchestrator uses it, too. */
  readonly logger?: Logger | undefined
  /** The prices of the options. A chat service over this orchestrator stores costs by them. */
  readonly costUsd?: CostOf | undefined
  /**
   * Checks messages that are stored without a call, by the request limits for single messages and the moderation of input.
   * Resolves to the messages as a call would send them, redacted. Rejects with `invalid-request` or `content-blocked`, as a
   * call with them would.
   */
  reviewMessages(request: ReviewRequest): Promise<readonly Message[]>
  /** Returns counts since the orchestrator was created. */
  stats(): OrchestratorStats
  /**
   * Rejects new calls, waits up to `drainMs` for running ones (in ms, default 10 000), then aborts them. May be called more
   * than once.
   */
  close(options?: { readonly drainMs?: number | undefined }): Promise<void>
}

/** The operation behind each method. */
export type Operations = {
  readonly [Name in keyof OrchestratorMethods]: Operation<never, unknown>
}

const DEFAULT_DRAIN_MS = 10_000

/** What an entry point brings into its orchestrators. */
export interface OrchestratorLibrary {
  readonly catalogue?: readonly ProviderDefinition[] | undefined
  readonly operations: Operations
  readonly loadModels?: LoadModels | undefined
  readonly costUsd?: CostOf | undefined
}

/** Creates an orchestrator from a library and checked options. Throws `misconfigured` if a provider or feature is not valid. */
export function composeOrchestrator(
  { catalogue = [], operations, loadModels, costUsd }: OrchestratorLibrary,
  given: CoreOptions,
): Orchestrator {
  const options = withSafeFunctions(given)
  const { definitions, access, pools } = readProviders(catalogue, options.providers)
  const registry = createRegistry(definitions)
  const transport = options.transport ?? createFetchTransport(options.fetch)
  const clock = options.clock ?? systemClock
  const streamLimits = streamLimitsOf(options.stream)
  const context = new OrchestratorContext({
    options,
    registry,
    access,
    pools,
    transport,
    clock,
    streamLimits,
  })
  const { onEvent: emit, logger, estimateTokens: estimate = estimateTokens } = options
  const features = new Features([...(options.use ?? []), hooksStage], {
    clock,
    targets: createTargets(context),
    logger,
    emit,
  })
  const runner = new CallRunner(features, clock)
  const close = async (drainMs: number): Promise<void> => {
    await runner.close(drainMs)
    if (options.transport === undefined) await transport.close?.()
  }
  const told = { logger, costUsd, estimateTokens: estimate }
  return {
    ...methodsOf(operations, operationContext(context, { runner, features, told: { ...told, clock } })),
    registry,
    ...createModelKnowledge(registry, options.models, loadModels),
    limiter: features.handleOf('limits') as Limiter | undefined,
    queue: features.handleOf('queue') as CallQueue | undefined,
    health: () => (features.handleOf('attempts') as TargetHealthReport | undefined)?.health() ?? {},
    ...told,
    reviewMessages: async (request) =>
      features.review({
        ...request,
        messages: parseRequest({ messages: request.messages }).messages,
        requestId: request.requestId ?? context.nextRequestId(),
        clock,
      }),
    stats: () => statsOf(runner, features),
    close: (how) => close(how?.drainMs ?? DEFAULT_DRAIN_MS),
    [Symbol.asyncDispose]: () => close(DEFAULT_DRAIN_MS),
  }
}

// What a function of the application throws must not end a call, and never reaches the code that calls it.
function withSafeFunctions(options: CoreOptions): CoreOptions {
  const { onEvent, estimateTokens: estimate } = options
  const logger = safeLogger(options.logger)
  const failed = (error: unknown): void => logger?.error(errorFields(error), 'onEvent failed')
  return {
    ...options,
    logger,
    onEvent: onEvent && guarded(onEvent, failed),
    estimateTokens: estimate && safeEstimator(estimate),
  }
}

// The default estimate replaces one that throws or is no number.
function safeEstimator(estimate: (text: string) => number): (text: string) => number {
  return (text) => {
    let tokens = -1
    callSafely(() => void (tokens = estimate(text)))
    return tokens >= 0 && tokens < Infinity ? tokens : estimateTokens(text)
  }
}

/** What operations use besides the context of the orchestrator. */
interface OperationParts {
  readonly runner: CallRunner
  readonly features: Features
  readonly told: Pick<OperationContext, 'clock' | 'logger' | 'estimateTokens' | 'costUsd'>
}

function operationContext(
  context: OrchestratorContext,
  { runner, features, told }: OperationParts,
): OperationContext {
  return {
    ...told,
    onUnsupported: context.options.onUnsupported ?? 'warn',
    withDefaults: (request) => withDefaults(context, request),
    withDefaultProvider: (request) => withDefaultProvider(context, request),
    resolve: (reference) => context.registry.resolve(reference),
    createCall: (request, input) => {
      if (!features.has('attempts')) checkAttempts(request)
      return createCall(context, request, input)
    },
    start: (call) => runner.start(call),
  }
}

// A request that asks for what no feature does must not be run without it.
function checkAttempts({ fallback, continuation }: CallOptions): void {
  const name = fallback !== undefined ? 'fallback' : continuation === true ? 'continuation' : undefined
  if (name === undefined) return
  const message = `${name} needs the attempts feature: createOrchestrator({ use: [attempts()] })`
  throw new LlmError('misconfigured', message, { issues: [{ path: name, message }] })
}

function methodsOf(operations: Operations, context: OperationContext): OrchestratorMethods {
  const methods = Object.entries(operations).map(([name, operation]) => [
    name,
    async (request: never) => {
      try {
        return await operation.run(context, request)
      } catch (error) {
        throw withCallerFrames(error)
      }
    },
  ])
  return Object.fromEntries(methods) as OrchestratorMethods
}

function statsOf(runner: CallRunner, features: Features): OrchestratorStats {
  const limiter = features.handleOf('limits') as Limiter | undefined
  const queue = features.handleOf('queue') as CallQueue | undefined
  return {
    ...runner.counts,
    ...(limiter === undefined ? undefined : { limits: limiter.stats() }),
    ...(queue === undefined ? undefined : { queue: queue.status() }),
  }
}
