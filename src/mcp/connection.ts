import { untilAborted } from '../core/abort.ts'
import { systemClock, type Clock, type Timer } from '../core/clock.ts'
import { LlmError } from '../core/error.ts'
import { callSafely, within } from '../core/host-function.ts'
import type { JsonObject } from '../core/json.ts'
import { errorFields, safeLogger, type Logger } from '../core/log.ts'
import type { McpClientOptions } from './client-options.ts'
import { isGone, mayConnectLater, mcpError, wasNeverSeen } from './mcp-error.ts'
import { loadClient, type SdkClient, type SdkTypes } from './sdk.ts'
import { openTransport, type OpenTransport } from './transports.ts'

const DEFAULT_TIMEOUT_MS = 60_000
const CLOSE_MS = 5_000
const MAX_REPORTED_FAULTS = 10

/** One request to the server. */
export interface McpRequest {
  readonly method: string
  readonly params?: JsonObject | undefined
  readonly signal?: AbortSignal | undefined
  readonly onprogress?: ((progress: JsonObject) => void) | undefined
}

/** What a new connection of the SDK gets before it is opened. */
export interface ConnectionHooks {
  /** Whether the server may ask for a model. */
  readonly hasSampling: boolean
  /** Called with each new client of the SDK, to set the handlers of what the server sends. */
  readonly prepare: (client: SdkClient, types: SdkTypes) => void
  /** Called when a connection is there. */
  readonly opened: () => void
}

interface Open extends OpenTransport {
  readonly client: SdkClient
  readonly types: SdkTypes
  /** Number of requests that use the connection. */
  users: number
  isLost: boolean
}

/** The connection to one server: made by the first request, and again by the first one after it was lost. */
export class McpConnection {
  readonly #options: McpClientOptions
  readonly #hooks: ConnectionHooks
  readonly #clock: Clock
  readonly #logger: Logger | undefined
  readonly #abort = new AbortController()
  #open: Promise<Open> | undefined
  /** The transport that was refused last, which an authorization is completed on. */
  #refused: OpenTransport | undefined
  #failures = 0

  constructor(options: McpClientOptions, hooks: ConnectionHooks) {
    this.#options = options
    this.#hooks = hooks
    this.#clock = options.clock ?? systemClock
    this.#logger = safeLogger(options.logger)
  }

  /** Sends a request, over a new connection if the last one is lost. It is sent again only if the server has never seen it. */
  async request({ signal, ...request }: McpRequest): Promise<JsonObject> {
    for (let tries = 1; ; tries++) {
      const open = await untilAborted({ signal }, this.#connected())
      try {
        return await this.#send(open, { ...request, signal })
      } catch (error) {
        if (isGone(error)) this.#lose(open)
        if (tries > 1 || !wasNeverSeen(error)) throw mcpError(error, this.#options.name)
      }
    }
  }

  /** Connects, unless there is a connection, and returns the SDK's client. */
  async client(signal?: AbortSignal): Promise<SdkClient> {
    return (await untilAborted({ signal }, this.#connected())).client
  }

  async finishAuth(code: string): Promise<void> {
    if (this.#refused?.finishAuth === undefined)
      throw new LlmError('conflict', 'finishAuth: no authorization of this server was asked for', {
        code: 'no-authorization',
      })
    try {
      await this.#refused.finishAuth(code)
    } catch (error) {
      throw mcpError(error, this.#options.name)
    }
    this.#refused = undefined
  }

  /** Ends the connection, its process and its requests. Idempotent. */
  async close(): Promise<void> {
    const error = new LlmError('aborted', `the client of the MCP server "${this.#options.name}" was closed`)
    this.#abort.abort(error)
    const open = await this.#open?.catch(() => undefined)
    this.#open = undefined
    if (open !== undefined) await this.#end(open)
  }

  async #send(open: Open, { method, params = {}, signal, onprogress }: McpRequest): Promise<JsonObject> {
    const { timeoutMs: timeout = DEFAULT_TIMEOUT_MS } = this.#options
    open.users++
    try {
      const settings = {
        timeout: Math.min(timeout, MAX_TIMEOUT),
        ...(signal && { signal }),
        ...(onprogress && { onprogress: onprogress as never }),
      }
      const result = await open.client.request({ method, params }, open.types.ResultSchema, settings)
      this.#failures = 0
      return result as JsonObject
    } finally {
      open.users--
      if (open.isLost && open.users === 0) void this.#end(open)
    }
  }

  #connected(): Promise<Open> {
    const { signal } = this.#abort
    if (signal.aborted) return Promise.reject(signal.reason as LlmError)
    this.#open ??= this.#connect().catch((error: unknown) => {
      this.#open = undefined
      throw error
    })
    return this.#open
  }

  async #connect(): Promise<Open> {
    const { attempts = 3 } = this.#options.reconnect ?? {}
    for (let left = attempts - 1; ; left--) {
      if (this.#failures > 0) await this.#pause()
      try {
        return await this.#openOnce()
      } catch (error) {
        this.#failures++
        if (left <= 0 || !mayConnectLater(error)) throw mcpError(error, this.#options.name)
      }
    }
  }

  async #openOnce(): Promise<Open> {
    const [{ Client }, types] = await loadClient()
    const capabilities = this.#hooks.hasSampling ? { sampling: {} } : {}
    const client = new Client({ name: 'llm-switchyard', version: '1' }, { capabilities })
    this.#hooks.prepare(client, types)
    const opened = await openTransport(this.#options)
    const open: Open = { ...opened, client, types, users: 0, isLost: false }
    try {
      const connecting = client.connect(open.transport, {
        timeout: this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      })
      await untilAborted({ signal: this.#abort.signal }, connecting)
    } catch (error) {
      this.#refused = open
      await this.#end(open)
      throw withLastWords(error, open.lastWords?.())
    }
    this.#watch(open)
    this.#hooks.opened()
    return open
  }

  #watch(open: Open): void {
    let faults = 0
    Object.assign(open.client, {
      onclose: () => this.#lose(open),
      onerror: (error: unknown) => {
        if (faults++ < MAX_REPORTED_FAULTS) this.#warn('a connection has a fault', error)
      },
    })
  }

  #lose(open: Open): void {
    if (open.isLost) return
    open.isLost = true
    this.#open = undefined
    if (!this.#abort.signal.aborted) this.#warn('the connection was lost', open.lastWords?.())
    if (open.users === 0) void this.#end(open)
  }

  async #end({ client, endSession }: Open): Promise<void> {
    if (endSession !== undefined) await within(this.#clock, CLOSE_MS, endSession())
    await within(this.#clock, CLOSE_MS, client.close())
  }

  async #pause(): Promise<void> {
    const { backoffMs = 500, maxBackoffMs = 10_000 } = this.#options.reconnect ?? {}
    const ms = Math.min(maxBackoffMs, backoffMs * 2 ** (this.#failures - 1))
    let timer: Timer | undefined
    const wait = new Promise<void>((resolve) => {
      timer = this.#clock.setTimer(resolve, ms)
    })
    try {
      await untilAborted({ signal: this.#abort.signal }, wait)
    } finally {
      this.#clock.clearTimer(timer)
    }
  }

  #warn(message: string, error: unknown): void {
    const fields = error === undefined ? {} : errorFields(error)
    callSafely(() => this.#logger?.warn({ server: this.#options.name, ...fields }, `MCP: ${message}`))
  }
}

/** The longest time-out that timers take. */
const MAX_TIMEOUT = 2_147_483_647

// A process that ends at once says why on its standard error.
function withLastWords(error: unknown, words: string | undefined): unknown {
  if (words === undefined || words === '' || !(error instanceof Error)) return error
  return Object.assign(error, { message: `${error.message}; it wrote: ${words}` })
}
