import { withCallerFrames } from '../core/caller-frames.ts'
import { systemClock } from '../core/clock.ts'
import { parseRequest } from '../core/parse-request.ts'
import { checkCallOptions, checkEmbedRequest, checkModerateRequest } from '../core/request-schema.ts'
import type { EmbedResponse } from '../core/embedding.ts'
import { LlmError } from '../core/error.ts'
import { createIds } from '../core/create-id.ts'
import type { ModelInfo } from '../core/model-list.ts'
import type { ModerateResponse } from '../core/moderation.ts'
import { createRegistry, type Registry } from '../core/registry.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { CallOptions, ChatRequest, EmbedRequest, ModerateRequest } from '../core/request.ts'
import type { ChatResponse } from '../core/response.ts'
import type { Limiter, LimiterStats } from '../limits/index.ts'
import { catalogue } from '../providers/index.ts'
import type { CallQueue, QueueStatus } from '../queue/index.ts'
import type { TargetHealth } from '../resilience/index.ts'
import { ChatStream } from '../stream/index.ts'
import { createFetchTransport } from '../transport/index.ts'
import { Admission } from '../limits/stage.ts'
import { hooksStage } from './hooks-stage.ts'
import { checkOptions, readProviders, type OrchestratorOptions } from './config.ts'
import { withDefaultProvider, withDefaults } from './defaults.ts'
import { embed } from '../operations/embed.ts'
import { exchangeChat } from '../exchange/chat.ts'
import { parseStructuredOutput } from '../operations/parse-structured-output.ts'
import { listModels, moderate } from '../operations/moderate.ts'
import { Moderation } from '../moderation/stage.ts'
import { createCall, type OrchestratorContext, type RunningCall } from './create-call.ts'
import { createPipeline } from './pipeline.ts'
import { AttemptRunner } from '../resilience/attempt-runner.ts'
import { Queueing } from '../queue/stage.ts'
import { createQuotaStage } from '../limits/quota-stage.ts'
import { createTopicStage } from '../moderation/topic-stage.ts'
import { requestLimiter } from './request-limiter.ts'
import { ActiveCalls } from './active-calls.ts'
import { abortedError, type Scope } from '../core/call-scope.ts'

/** Figures of one orchestrator since it was made. */
export interface OrchestratorStats {
  readonly calls: number
  readonly active: number
  readonly succeeded: number
  readonly failed: number
  /** With `limits`: reservations and refusals. */
  readonly limits?: LimiterStats | undefined
  /** With `queue`: who waits and who runs. */
  readonly queue?: QueueStatus | undefined
}

/** One way to call every provider. */
export interface Orchestrator extends AsyncDisposable {
  /** Resolves to the whole answer, or with `stream: true` to a stream, at its first content. Rejects with an `LlmError`. */
  readonly chatApiCall: ChatApiCall
  /** Vectors of texts, in batches of the provider's size. */
  embed(request: EmbedRequest): Promise<EmbedResponse>
  /** A judgement by the provider's moderation endpoint. */
  moderate(request: ModerateRequest): Promise<ModerateResponse>
  /** The models that a provider lists. Takes its id, or call options. */
  listModels(request: string | CallOptions): Promise<readonly ModelInfo[]>
  /** The providers: add, replace, list, and ask what becomes of a setting before the call. */
  readonly registry: Registry
  /** With `limits`: snapshots and resets by user, conversation and tag. */
  readonly limiter: Limiter | undefined
  /** With `queue`: status, recent activity, cancelling and clearing. */
  readonly queue: CallQueue | undefined
  /** What is known of every target that was called: counts, latencies, state. */
  health(): Readonly<Record<string, TargetHealth>>
  stats(): OrchestratorStats
  /** Refuses new calls, lets running ones end for `drainMs` (default 10 000), then aborts them. May be called again. */
  close(options?: { readonly drainMs?: number | undefined }): Promise<void>
}

/** The neutral call. */
export interface ChatApiCall {
  (request: ChatRequest & { readonly stream: true }): Promise<ChatStream>
  (request: ChatRequest & { readonly stream?: false | undefined }): Promise<ChatResponse>
  (request: ChatRequest): Promise<ChatResponse | ChatStream>
}

const DEFAULT_DRAIN_MS = 10_000

/** Makes an orchestrator. Throws `misconfigured` naming the option that is wrong. */
export function createOrchestrator(options: OrchestratorOptions = {}): Orchestrator {
  checkOptions(options)
  const { definitions, access, pools } = readProviders(catalogue, options.providers)
  const registry = createRegistry(definitions)
  const transport = options.transport ?? createFetchTransport(options.fetch)
  const clock = options.clock ?? systemClock
  const nextRequestId = createIds('req')
  const host = new Host({ options, registry, access, pools, transport, clock, nextRequestId })
  return {
    chatApiCall: ((request: ChatRequest) => host.chat(request)) as ChatApiCall,
    embed: (request) => host.embed(request),
    moderate: (request) => host.moderate(request),
    listModels: (request) => host.listModels(request),
    registry,
    limiter: host.limiter,
    queue: host.queue,
    health: () => host.health(),
    stats: () => host.stats(),
    close: (how) => host.close(how?.drainMs ?? DEFAULT_DRAIN_MS),
    [Symbol.asyncDispose]: () => host.close(DEFAULT_DRAIN_MS),
  }
}

class Host {
  readonly #parts: OrchestratorContext
  readonly #planner: AttemptRunner
  readonly #admission: Admission | undefined
  readonly #queueing: Queueing | undefined
  readonly #run: ReturnType<typeof createPipeline>
  readonly #quota: ReturnType<typeof createQuotaStage> | undefined
  readonly #active: ActiveCalls
  readonly #limitRequest: ReturnType<typeof requestLimiter>
  #calls = 0
  #succeeded = 0
  #failed = 0
  #closing: Promise<void> | undefined
  #drained: (() => void) | undefined

  constructor(parts: OrchestratorContext) {
    this.#parts = parts
    this.#active = new ActiveCalls(parts.clock)
    this.#planner = new AttemptRunner(parts)
    this.#admission = parts.options.limits === undefined ? undefined : new Admission(parts)
    this.#limitRequest = requestLimiter(parts.options.requestLimits)
    const { queue } = parts.options
    this.#queueing = queue === undefined ? undefined : new Queueing(parts)
    const { moderation, topics } = parts.options
    const watch = topics === undefined ? undefined : createTopicStage(topics)
    const judge = moderation === undefined ? undefined : new Moderation(parts, moderation)
    const admit = [
      this.#admission?.stage,
      watch,
      judge?.input,
      this.#queueing?.stage,
      hooksStage,
      judge?.output,
    ].filter((stage) => stage !== undefined)
    const { quotas } = parts.options
    this.#quota = quotas === undefined ? undefined : createQuotaStage(parts, quotas)
    const quota = this.#quota === undefined ? [] : [this.#quota.stage]
    this.#run = createPipeline([this.#planner.selectTargets, ...admit, this.#planner.run, ...quota])
  }

  health(): Readonly<Record<string, TargetHealth>> {
    return this.#planner.health()
  }

  get limiter(): Limiter | undefined {
    return this.#admission?.limiter
  }

  get queue(): CallQueue | undefined {
    return this.#queueing?.queue
  }

  stats(): OrchestratorStats {
    const { limiter, queue } = this
    return {
      calls: this.#calls,
      active: this.#active.size,
      succeeded: this.#succeeded,
      failed: this.#failed,
      ...(limiter === undefined ? undefined : { limits: limiter.stats() }),
      ...(queue === undefined ? undefined : { queue: queue.status() }),
    }
  }

  async chat(request: ChatRequest): Promise<ChatResponse | ChatStream> {
    try {
      const parsed = parseRequest(request)
      if (this.#limitRequest !== undefined) await this.#limitRequest(parsed)
      const { request: checked, messages, settings } = parsed
      const stream = checked.stream === true
      const placed = withDefaults(this.#parts, checked)
      const call = createCall(this.#parts, placed, { messages, settings, stream, exchange: exchangeChat })
      const reply = await this.#start(call)
      const response = (): ChatResponse | Promise<ChatResponse> =>
        parseStructuredOutput(call, reply.snapshot(reply.attempts))
      if (stream) return new ChatStream(streamSource(reply, response))
      while (reply.isWhole !== true && (await reply.read()) !== null);
      return await response()
    } catch (error) {
      throw withCallerFrames(error)
    }
  }

  async embed(request: EmbedRequest): Promise<EmbedResponse> {
    const placed = withDefaultProvider(this.#parts, checkEmbedRequest(request))
    return embed(this.#parts, placed, (call) => this.#start(call))
  }

  async moderate(request: ModerateRequest): Promise<ModerateResponse> {
    const placed = withDefaultProvider(this.#parts, checkModerateRequest(request))
    return moderate(this.#parts, placed, (call) => this.#start(call))
  }

  async listModels(request: string | CallOptions): Promise<readonly ModelInfo[]> {
    const options = checkCallOptions(typeof request === 'string' ? { provider: request } : request)
    const placed = withDefaultProvider(this.#parts, options)
    return listModels(this.#parts, placed, (call) => this.#start(call))
  }

  close(drainMs: number): Promise<void> {
    return (this.#closing ??= this.#close(drainMs))
  }

  async #close(drainMs: number): Promise<void> {
    const { clock, options, transport } = this.#parts
    if (this.#active.size > 0 && drainMs > 0) {
      await new Promise<void>((resolve) => {
        const timer = clock.setTimer(resolve, drainMs)
        this.#drained = () => {
          clock.clearTimer(timer)
          resolve()
        }
      })
    }
    const closed = new LlmError('aborted', 'the orchestrator was closed while the call was running', {
      code: 'shutdown',
    })
    for (const scope of this.#active.all()) scope.abort(closed)
    this.#admission?.limiter.close()
    await this.#queueing?.queue.close()
    this.#planner.close()
    this.#quota?.close()
    this.#active.close()
    if (options.transport === undefined) await transport.close?.()
  }

  async #start(call: RunningCall): Promise<ResponseStream> {
    const { scope } = call
    this.#calls++
    this.#active.add(scope)
    try {
      if (this.#closing !== undefined)
        throw new LlmError('misconfigured', 'the orchestrator is closed: it takes no new calls')
      if (scope.error !== undefined) throw scope.error
      const reply = await this.#run(call)
      reply.onEnd((error) => this.#end(scope, error))
      return reply
    } catch (error) {
      this.#end(scope, error)
      throw error
    }
  }

  #end(scope: Scope, error: unknown): void {
    scope.release()
    this.#active.remove(scope)
    if (error === undefined) this.#succeeded++
    else this.#failed++
    if (this.#active.size === 0) this.#drained?.()
  }
}

function streamSource(
  reply: ResponseStream,
  response: () => ChatResponse | Promise<ChatResponse>,
): ConstructorParameters<typeof ChatStream>[0] {
  const { provider, model } = reply
  return {
    provider,
    model,
    read: () => reply.read(),
    cancel: (reason) => reply.cancel(abortedError(reason)),
    response,
  }
}
