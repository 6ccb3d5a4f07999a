import { withCallerFrames } from '../core/caller-frames.ts'
import { systemClock } from '../core/clock.ts'
import type { EmbedResponse } from '../core/embedding.ts'
import type { ModelInfo } from '../core/model-list.ts'
import type { ModerateResponse } from '../core/moderation.ts'
import type { ProviderDefinition } from '../core/provider.ts'
import { createRegistry, type Registry } from '../core/registry.ts'
import type { CallOptions, ChatRequest, EmbedRequest, ModerateRequest } from '../core/request.ts'
import type { ChatResponse } from '../core/response.ts'
import type { Limiter, LimiterStats } from '../limits/index.ts'
import type { CallQueue, QueueStatus } from '../queue/index.ts'
import type { TargetHealth, TargetHealthReport } from '../resilience/index.ts'
import type { ChatStream } from '../stream/index.ts'
import { createFetchTransport } from '../transport/index.ts'
import { readProviders, type CoreOptions } from './config.ts'
import { OrchestratorContext } from './context.ts'
import { createCall, streamLimitsOf } from './create-call.ts'
import { withDefaultProvider, withDefaults } from './defaults.ts'
import { CallHost } from './call-host.ts'
import { Features } from './features.ts'
import { hooksStage } from './hooks-stage.ts'
import type { Operation, OperationContext } from './operation.ts'
import { createTargets } from './targets.ts'

/** Figures of one orchestrator since it was made. */
export interface OrchestratorStats {
  readonly calls: number
  readonly active: number
  readonly succeeded: number
  readonly failed: number
  /** With `limits`: reservations and refusals. */
  readonly limits?: LimiterStats | undefined
  /** With `queue`: waiting and running calls. */
  readonly queue?: QueueStatus | undefined
}

/** The neutral chat call: a whole response, or with `stream: true` a stream. */
export interface ChatApiCall {
  (request: ChatRequest & { readonly stream: true }): Promise<ChatStream>
  (request: ChatRequest & { readonly stream?: false | undefined }): Promise<ChatResponse>
  (request: ChatRequest): Promise<ChatResponse | ChatStream>
}

/** What an orchestrator asks of providers: one method per operation. */
export interface OrchestratorMethods {
  /** Resolves to the whole response, or with `stream: true` to a stream, at its first content. Rejects with an `LlmError`. */
  readonly chatApiCall: ChatApiCall
  /** Embeds texts, in batches of the provider's size. Rejects with `unsupported` if the provider has no embeddings. */
  embed(request: EmbedRequest): Promise<EmbedResponse>
  /** Asks the moderation endpoint of a provider. Rejects with `unsupported` if it has none. */
  moderate(request: ModerateRequest): Promise<ModerateResponse>
  /** Lists the models of a provider, all pages. Takes its id, or call options. */
  listModels(request: string | CallOptions): Promise<readonly ModelInfo[]>
}

/** One way to call every provider. */
export interface Orchestrator extends OrchestratorMethods, AsyncDisposable {
  /** The providers: add, replace, list, and see before a call what happens to each setting. */
  readonly registry: Registry
  /** With `limits`: snapshots and resets by user, conversation and tag. */
  readonly limiter: Limiter | undefined
  /** With `queue`: status, recent activity, cancelling and clearing. */
  readonly queue: CallQueue | undefined
  /** Counts, latencies and state of every target that was called. */
  health(): Readonly<Record<string, TargetHealth>>
  stats(): OrchestratorStats
  /**
   * Refuses new calls, lets running ones end for `drainMs` milliseconds (default 10 000), then aborts them. May be called
   * more than once.
   */
  close(options?: { readonly drainMs?: number | undefined }): Promise<void>
}

/** The operation behind each method. */
export type Operations = {
  readonly [Name in keyof OrchestratorMethods]: Operation<never, unknown>
}

const DEFAULT_DRAIN_MS = 10_000

/** Makes an orchestrator of a catalogue, operations and checked options. */
export function composeOrchestrator(
  catalogue: readonly ProviderDefinition[],
  operations: Operations,
  options: CoreOptions,
): Orchestrator {
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
  const { onEvent: emit, logger } = options
  const features = new Features([...(options.use ?? []), hooksStage], {
    clock,
    targets: createTargets(context),
    logger,
    emit,
  })
  const host = new CallHost(features, clock)
  const close = async (drainMs: number): Promise<void> => {
    await host.close(drainMs)
    if (options.transport === undefined) await transport.close?.()
  }
  return {
    ...methodsOf(operations, operationContext(context, host)),
    registry,
    limiter: features.handleOf<Limiter>('limits'),
    queue: features.handleOf<CallQueue>('queue'),
    health: () => features.handleOf<TargetHealthReport>('attempts')?.health() ?? {},
    stats: () => statsOf(host, features),
    close: (how) => close(how?.drainMs ?? DEFAULT_DRAIN_MS),
    [Symbol.asyncDispose]: () => close(DEFAULT_DRAIN_MS),
  }
}

function operationContext(context: OrchestratorContext, host: CallHost): OperationContext {
  return {
    onUnsupported: context.options.onUnsupported ?? 'warn',
    withDefaults: (request) => withDefaults(context, request),
    withDefaultProvider: (request) => withDefaultProvider(context, request),
    resolve: (reference) => context.registry.resolve(reference),
    createCall: (request, input) => createCall(context, request, input),
    start: (call) => host.start(call),
  }
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

function statsOf(host: CallHost, features: Features): OrchestratorStats {
  const limiter = features.handleOf<Limiter>('limits')
  const queue = features.handleOf<CallQueue>('queue')
  return {
    ...host.counts,
    ...(limiter === undefined ? undefined : { limits: limiter.stats() }),
    ...(queue === undefined ? undefined : { queue: queue.status() }),
  }
}
