import type { WebStandardStreamableHTTPServerTransport as HttpTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import { systemClock, type Clock } from '../core/clock.ts'
import { newId } from '../core/create-id.ts'
import { load, type SdkTransport } from './sdk.ts'
import { refusal } from './refusal.ts'
import type { McpCaller, McpServerOptions } from './server-options.ts'

const DEFAULT_MAX_SESSIONS = 1000
const DEFAULT_IDLE_MS = 30 * 60_000
const DEFAULT_MAX_BODY = 4 * 1024 * 1024
const SESSION_HEADER = 'mcp-session-id'

interface Session {
  readonly owner: string
  readonly transport: HttpTransport
  /** Number of requests that are being answered. */
  active: number
  usedAt: number
}

/** How a session begins. */
interface SessionPort {
  open(transport: SdkTransport, caller: McpCaller): Promise<void>
}

/** Who sent a request. */
interface Sender {
  readonly caller: McpCaller
  readonly owner: string
}

/** The sessions of clients over HTTP: bounded in number, and each one for its owner alone. */
export class McpSessions {
  readonly #options: McpServerOptions
  readonly #port: SessionPort
  readonly #clock: Clock
  readonly #sessions = new Map<string, Session>()

  constructor(options: McpServerOptions, port: SessionPort) {
    this.#options = options
    this.#port = port
    this.#clock = options.clock ?? systemClock
  }

  /** Answers a request within its session, or begins one. */
  async answer(request: Request, sender: Sender): Promise<Response> {
    this.#endIdle()
    const id = request.headers.get(SESSION_HEADER)
    if (id === null) return this.#begin(request, sender)
    const session = this.#sessions.get(id)
    if (session === undefined || session.owner !== sender.owner)
      return refusal(404, 'there is no such session; begin a new one')
    return this.#within(session, request)
  }

  async close(): Promise<void> {
    const sessions = [...this.#sessions.values()]
    this.#sessions.clear()
    await Promise.allSettled(sessions.map(({ transport }) => transport.close()))
  }

  async #begin(request: Request, { caller, owner }: Sender): Promise<Response> {
    if (request.method !== 'POST') return refusal(400, `the request has no ${SESSION_HEADER}`)
    if (!this.#makeRoom()) return refusal(503, 'the server has too many sessions; try again later')
    const { WebStandardStreamableHTTPServerTransport: Transport } = await load(
      import('@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'),
    )
    let isBegun = false
    const transport = new Transport({
      sessionIdGenerator: () => newId('session'),
      onsessioninitialized: (id) => {
        isBegun = true
        this.#sessions.set(id, session)
      },
      maxRequestBodySize: this.#options.maxBodyBytes ?? DEFAULT_MAX_BODY,
    })
    const session: Session = { owner, transport, active: 0, usedAt: this.#clock.now() }
    Object.assign(transport, { onclose: () => this.#forget(session) })
    await this.#port.open(transport, caller)
    const response = await this.#within(session, request)
    // Anything but an initialization begins nothing.
    if (!isBegun) await transport.close()
    return response
  }

  async #within(session: Session, request: Request): Promise<Response> {
    session.active++
    try {
      return await session.transport.handleRequest(request)
    } finally {
      session.active--
      session.usedAt = this.#clock.now()
    }
  }

  #endIdle(): void {
    const { idleMs = DEFAULT_IDLE_MS } = this.#options
    const oldest = this.#clock.now() - idleMs
    for (const session of this.#sessions.values())
      if (isIdle(session) && session.usedAt < oldest) this.#end(session)
  }

  #makeRoom(): boolean {
    const { maxSessions = DEFAULT_MAX_SESSIONS } = this.#options
    if (this.#sessions.size < maxSessions) return true
    const [longest] = [...this.#sessions.values()].filter(isIdle).toSorted((a, b) => a.usedAt - b.usedAt)
    if (longest === undefined) return false
    this.#end(longest)
    return true
  }

  #end(session: Session): void {
    this.#forget(session)
    void session.transport.close().catch(() => undefined)
  }

  #forget(session: Session): void {
    const id = session.transport.sessionId
    if (id !== undefined && this.#sessions.get(id) === session) this.#sessions.delete(id)
  }
}

function isIdle({ active }: Session): boolean {
  return active === 0
}
