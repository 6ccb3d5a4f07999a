import { systemClock } from '../core/clock.ts'
import type { Call, CallScope } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import { newId } from '../core/id.ts'
import { createRegistry, type Registry, type Target } from '../core/registry.ts'
import type { ChatRequest, StreamLimits } from '../core/request.ts'
import type { ChatResponse } from '../core/response.ts'
import type { Reply } from '../core/stage.ts'
import type { AdmittedRequest } from '../core/door.ts'
import type { Transport } from '../core/wire.ts'
import { catalogue } from '../providers/index.ts'
import { ChatStream } from '../stream/index.ts'
import { createFetchTransport } from '../transport/index.ts'
import { checkOptions, readProviders, type OrchestratorOptions, type ProviderAccess } from './config.ts'
import { finishResponse } from './finish.ts'
import { createPipeline } from './pipeline.ts'
import { abortedError, openScope } from './scope.ts'

/** Figures of one orchestrator since it was made. */
export interface OrchestratorStats {
  readonly calls: number
  readonly active: number
  readonly succeeded: number
  readonly failed: number
}

/** One way to call every provider. */
export interface Orchestrator extends AsyncDisposable {
  /** Resolves to the whole answer, or with `stream: true` to a stream, at its first content. Rejects with an `LlmError`. */
  readonly chatApiCall: ChatApiCall
  /** The providers: add, replace, list, and ask what becomes of a setting before the call. */
  readonly registry: Registry
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

const DEFAULT_TOTAL_MS = 600_000
const DEFAULT_STREAM: Required<StreamLimits> = {
  maxBytes: 10 * 1024 * 1024,
  maxEventBytes: 4 * 1024 * 1024,
  maxReplyBytes: 64 * 1024 * 1024,
}
const DEFAULT_DRAIN_MS = 10_000

/** Makes an orchestrator. Throws `misconfigured` naming the option that is wrong. */
export function createOrchestrator(options: OrchestratorOptions = {}): Orchestrator {
  checkOptions(options)
  const { definitions, access } = readProviders(catalogue, options.providers)
  const registry = createRegistry(definitions)
  const transport = options.transport ?? createFetchTransport(options.fetch)
  const host = new Host({ options, registry, access, transport })
  return {
    chatApiCall: ((request: ChatRequest) => host.call(request)) as ChatApiCall,
    registry,
    stats: () => host.stats(),
    close: (how) => host.close(how?.drainMs ?? DEFAULT_DRAIN_MS),
    [Symbol.asyncDispose]: () => host.close(DEFAULT_DRAIN_MS),
  }
}

interface HostParts {
  readonly options: OrchestratorOptions
  readonly registry: Registry
  readonly access: ReadonlyMap<string, ProviderAccess>
  readonly transport: Transport
}

class Host {
  readonly #parts: HostParts
  readonly #run = createPipeline([])
  readonly #active = new Set<CallScope>()
  #calls = 0
  #succeeded = 0
  #failed = 0
  #closing: Promise<void> | undefined
  #drained: (() => void) | undefined

  constructor(parts: HostParts) {
    this.#parts = parts
  }

  stats(): OrchestratorStats {
    return { calls: this.#calls, active: this.#active.size, succeeded: this.#succeeded, failed: this.#failed }
  }

  async call(request: ChatRequest): Promise<ChatResponse | ChatStream> {
    if (this.#closing !== undefined)
      throw new LlmError('misconfigured', 'the orchestrator is closed: it takes no new calls')
    const { admitRequest } = await import('../core/door.ts')
    const admitted = admitRequest(request)
    const target = this.#parts.registry.resolve(request)
    const call = this.#open(admitted, target)
    this.#calls++
    const reply = await this.#start(call)
    const response = (): Promise<ChatResponse> => finishResponse(call, reply.snapshot(), reply.attempts)
    if (call.stream) return new ChatStream(streamSource(reply, response))
    while ((await reply.read()) !== null);
    return response()
  }

  close(drainMs: number): Promise<void> {
    return (this.#closing ??= this.#close(drainMs))
  }

  async #close(drainMs: number): Promise<void> {
    const clock = this.#parts.options.clock ?? systemClock
    if (this.#active.size > 0 && drainMs > 0) {
      await new Promise<void>((resolve) => {
        const timer = clock.setTimer(resolve, drainMs)
        this.#drained = () => {
          clock.clearTimer(timer)
          resolve()
        }
      })
    }
    for (const scope of this.#active)
      scope.abort(new LlmError('aborted', 'the orchestrator was closed while the call was running'))
    if (this.#parts.options.transport === undefined) await this.#parts.transport.close?.()
  }

  #open({ checked, messages, settings }: AdmittedRequest, target: Target): Call {
    const { options, access, transport } = this.#parts
    const own = access.get(target.provider)
    const clock = options.clock ?? systemClock
    const timeouts = { ...options.timeouts, ...checked.timeouts }
    const fetchFn = checked.fetch
    const given = checked.transport
    return {
      requestId: checked.requestId ?? newId('req'),
      target,
      messages,
      settings,
      stream: checked.stream === true,
      scope: openScope(checked.signal, timeouts.totalMs ?? DEFAULT_TOTAL_MS, clock),
      apiKey: checked.apiKey ?? own?.apiKey,
      baseUrl: checked.baseUrl,
      headers: { ...own?.headers, ...checked.headers, ...checked.extraHeaders },
      extraBody: checked.extraBody,
      transport:
        given ?? (fetchFn === undefined ? (own?.transport ?? transport) : createFetchTransport(fetchFn)),
      timeouts,
      streamLimits: { ...DEFAULT_STREAM, ...options.stream, ...checked.streamLimits },
      onUnsupported: checked.onUnsupported ?? options.onUnsupported ?? 'warn',
      userId: checked.userId,
      conversationId: checked.conversationId,
      clock,
      logger: checked.logger ?? options.logger,
    }
  }

  async #start(call: Call): Promise<Reply> {
    const { scope } = call
    this.#active.add(scope)
    try {
      if (scope.error !== undefined) throw scope.error
      const reply = await this.#run(call)
      reply.onEnd((error) => this.#end(scope, error))
      return reply
    } catch (error) {
      this.#end(scope, error)
      throw error
    }
  }

  #end(scope: CallScope, error: unknown): void {
    scope.release()
    this.#active.delete(scope)
    if (error === undefined) this.#succeeded++
    else this.#failed++
    if (this.#active.size === 0) this.#drained?.()
  }
}

function streamSource(
  reply: Reply,
  response: () => Promise<ChatResponse>,
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
