import { timerMs } from '../../core/clock.ts'
import { LlmError } from '../../core/error.ts'

/**
 * The part of undici's `Dispatcher` that the transport uses: its `Agent`, `Pool`, `ProxyAgent`, `EnvHttpProxyAgent` and
 * `MockAgent` have it. Declared here so that these types compile without undici.
 */
export interface UndiciDispatcher {
  dispatch(request: DispatchRequest, handler: DispatchHandler): boolean
}

/** A request as `dispatch()` takes it. */
export interface DispatchRequest {
  readonly origin: string
  readonly path: string
  readonly method: 'POST' | 'GET'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

/** Callbacks of one request, in the order in which undici calls them. */
export interface DispatchHandler {
  /** Called when the request has a connection. */
  onRequestStart(controller: DispatchController): void
  /** Called with the head of the response. */
  onResponseStart(controller: DispatchController, status: number, headers: DispatchHeaders): void
  /** Called with each piece of the body. */
  onResponseData(controller: DispatchController, piece: Uint8Array): void
  /** Called at the end of the body. */
  onResponseEnd(): void
  /** Called when the request failed or was aborted. */
  onResponseError(controller: DispatchController | undefined, error: Error): void
}

/** Controls one request from inside its callbacks. */
export interface DispatchController {
  readonly paused: boolean
  pause(): void
  resume(): void
  abort(reason: Error): void
}

/** Headers of a response; a header that was sent several times is a list. */
export type DispatchHeaders = Readonly<Record<string, string | string[] | undefined>>

/** Settings of the agent that the transport makes for itself. */
export interface AgentOptions {
  readonly connections?: number | undefined
  readonly connectMs?: number | undefined
  readonly keepAliveMs?: number | undefined
  readonly http2?: boolean | undefined
}

/** An agent that the transport closes itself. */
export interface OwnedDispatcher extends UndiciDispatcher {
  destroy(): Promise<void>
}

/** Loads undici and makes an agent. Rejects with `misconfigured` if undici is not installed. */
export async function createAgent({
  connections,
  connectMs = 10_000,
  keepAliveMs = 30_000,
  http2 = false,
}: AgentOptions): Promise<OwnedDispatcher> {
  const { Agent } = await loadUndici()
  return new Agent({
    connections: connections ?? null,
    connect: { timeout: timerMs(connectMs) },
    keepAliveTimeout: timerMs(keepAliveMs),
    allowH2: http2,
    // Off, because the call's own timeouts bound these phases.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
}

interface Undici {
  readonly Agent: new (options: object) => OwnedDispatcher
}

async function loadUndici(): Promise<Undici> {
  try {
    return await import('undici')
  } catch (cause) {
    const message =
      'createUndiciTransport (llm-switchyard/undici) needs the package undici, which could not be loaded: npm install undici'
    throw new LlmError('misconfigured', message, { cause })
  }
}
