import { callerKey } from '../core/caller-key.ts'
import { systemClock, type Clock } from '../core/clock.ts'
import { LlmError } from '../core/error.ts'
import { inTime } from '../core/host-function.ts'
import { isObject, numberOf, objectOf, textOf, type JsonObject, type JsonValue } from '../core/json.ts'
import { errorFields, safeLogger, type Logger } from '../core/log.ts'
import { checkOptions } from '../core/options.ts'
import { refusal } from './refusal.ts'
import { load, loadServer, type McpTransport, type SdkServer, type SdkTransport } from './sdk.ts'
import type { Tool } from '../core/request.ts'
import { defineTool } from '../core/tool.ts'
import { ServedTools } from './served-tools.ts'
import { mcpServerSchema, type McpCaller, type McpServerOptions } from './server-options.ts'
import { McpSessions } from './server-sessions.ts'

const HOST_MS = 30_000
const MAX_PROGRESS = 500

/** A server of the Model Context Protocol that offers tools and agents. */
export interface McpServer {
  /** Answers one HTTP request by the streamable HTTP transport: `POST`, `GET` and `DELETE` of one path. Never rejects. */
  fetch(request: Request): Promise<Response>
  /** Serves one client over standard input and output, with all that `caller` may use. Resolves when it is connected. */
  stdio(caller?: McpCaller): Promise<void>
  /** Serves one client over a transport of the SDK. */
  connect(transport: McpTransport, caller?: McpCaller): Promise<void>
  /** Tells all clients that the tools have changed. */
  toolsChanged(): void
  /** Ends all sessions. Idempotent. */
  close(): Promise<void>
}

/** Creates an MCP server. Throws `misconfigured` for wrong options. */
export function createMcpServer(options: McpServerOptions): McpServer {
  checkOptions('createMcpServer', mcpServerSchema, options)
  if (Array.isArray(options.tools)) for (const tool of options.tools as readonly Tool[]) defineTool(tool)
  return new Server(options)
}

class Server implements McpServer {
  readonly #options: McpServerOptions
  readonly #clock: Clock
  readonly #logger: Logger | undefined
  readonly #tools: ServedTools
  readonly #sessions: McpSessions
  readonly #servers = new Set<SdkServer>()
  #isClosed = false

  constructor(options: McpServerOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#logger = safeLogger(options.logger)
    this.#tools = new ServedTools(options, this.#logger)
    this.#sessions = new McpSessions(options, { open: (transport, caller) => this.#serve(transport, caller) })
  }

  async fetch(request: Request): Promise<Response> {
    try {
      const origin = request.headers.get('origin')
      if (origin !== null && this.#options.allowedOrigins?.includes(origin) !== true)
        return refusal(403, 'pages of this origin may not use the server')
      const caller = await this.#authorize(request)
      if (caller instanceof Response) return caller
      return await this.#sessions.answer(request, { caller, owner: ownerOf(caller) })
    } catch (error) {
      this.#logger?.error(errorFields(error), 'MCP: a request failed')
      if (LlmError.is(error, 'misconfigured'))
        return refusal(error.httpStatus, 'the server is not set up for HTTP')
      const status = LlmError.is(error) ? error.httpStatus : 500
      return refusal(status, status === 401 ? 'the request is not authorized' : 'the request failed')
    }
  }

  async stdio(caller: McpCaller = {}): Promise<void> {
    const { StdioServerTransport } = await load(import('@modelcontextprotocol/sdk/server/stdio.js'))
    await this.#serve(new StdioServerTransport(), caller)
  }

  async connect(transport: McpTransport, caller: McpCaller = {}): Promise<void> {
    await this.#serve(transport, caller)
  }

  toolsChanged(): void {
    for (const server of this.#servers) void server.sendToolListChanged().catch(() => undefined)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#sessions.close()
    await Promise.allSettled([...this.#servers].map((server) => server.close()))
    this.#servers.clear()
  }

  async #serve(transport: SdkTransport, caller: McpCaller): Promise<void> {
    if (this.#isClosed) throw new LlmError('aborted', 'the MCP server was closed')
    const [{ McpServer: SdkMcpServer }, types] = await loadServer()
    const { name, version = '1.0.0', instructions } = this.#options
    const about = instructions === undefined ? {} : { instructions }
    const { server } = new SdkMcpServer(
      { name, version },
      { capabilities: { tools: { listChanged: true } }, ...about },
    )
    server.setRequestHandler(types.ListToolsRequestSchema, async () => ({
      tools: await this.#tools.list(caller),
    }))
    server.setRequestHandler(
      types.CallToolRequestSchema,
      async ({ params }, { signal, sendNotification, _meta }) => {
        const send = (progress: JsonObject): void => {
          const notification = { method: 'notifications/progress', params: progress }
          void sendNotification(notification as never).catch(() => undefined)
        }
        const progress = progressTo(_meta?.progressToken, send)
        const args = (params.arguments ?? {}) as JsonValue
        return this.#tools.call({ name: params.name, args, caller, signal, progress })
      },
    )
    Object.assign(server, { onclose: () => this.#servers.delete(server) })
    this.#servers.add(server)
    await server.connect(transport)
  }

  async #authorize(request: Request): Promise<McpCaller | Response> {
    const { authorize } = this.#options
    if (authorize === undefined)
      throw new LlmError(
        'misconfigured',
        "createMcpServer: fetch needs authorize; 'open' accepts every request",
      )
    if (authorize === 'open') return {}
    const late = (): LlmError => new LlmError('timeout', `authorize did not answer within ${HOST_MS} ms`)
    const answer = await inTime(authorize(request), { clock: this.#clock, ms: HOST_MS, late })
    if (answer instanceof Response || isObject(answer)) return answer
    return refusal(401, 'the request is not authorized')
  }
}

// A session is for its owner alone, also if another caller knows its id.
function ownerOf({ userId: user, tenant }: McpCaller): string {
  return callerKey({ user, tenant, anonymous: true }) ?? ''
}

/** Sends what a tool emits, as numbers that grow, to a client that has asked for it. */
function progressTo(
  token: string | number | undefined,
  send: (progress: JsonObject) => void,
): (progress: JsonValue) => void {
  if (token === undefined) return () => undefined
  let count = 0
  return (told) => {
    count++
    const { progress, total, message } = objectOf(told)
    const known = numberOf(told) ?? numberOf(progress)
    const text = textOf(told) ?? textOf(message) ?? (known === undefined ? JSON.stringify(told) : undefined)
    send({
      progressToken: token,
      progress: known ?? count,
      total: numberOf(total),
      message: text?.slice(0, MAX_PROGRESS),
    })
  }
}
