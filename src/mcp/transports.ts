import { LlmError } from '../core/error.ts'
import { objectOf, parseJson } from '../core/json.ts'
import type { McpClientOptions, McpHttpServer, McpStdioServer } from './client-options.ts'
import { STREAM_ENDED } from './mcp-error.ts'
import { load, type SdkTransport } from './sdk.ts'

/** Maximum size of one message of a server, unless the options say otherwise: that of the SDK. */
const DEFAULT_MAX_BYTES = 10 * 1024 * 1024
const MAX_STDERR = 1000

/** A new connection to a server, before its first message. */
export interface OpenTransport {
  readonly transport: SdkTransport
  /** The end of what the process wrote to its standard error. */
  readonly lastWords?: (() => string) | undefined
  /** Completes an authorization with the code that the user came back with. */
  readonly finishAuth?: ((code: string) => Promise<void>) | undefined
  /** Tells the server that its session is over. */
  readonly endSession?: (() => Promise<void>) | undefined
}

/** Makes the transport that the options name. */
export async function openTransport({
  server,
  maxMessageBytes = DEFAULT_MAX_BYTES,
}: McpClientOptions): Promise<OpenTransport> {
  if (typeof server === 'function') return { transport: (await server()) as unknown as SdkTransport }
  return server.type === 'stdio' ? openProcess(server, maxMessageBytes) : openHttp(server, maxMessageBytes)
}

async function openProcess(
  { command, args = [], env = {}, cwd }: McpStdioServer,
  maxBufferSize: number,
): Promise<OpenTransport> {
  const { StdioClientTransport } = await load(import('@modelcontextprotocol/sdk/client/stdio.js'))
  const place = cwd === undefined ? {} : { cwd }
  const settings = { command, args: [...args], env: { ...env }, stderr: 'pipe' as const, maxBufferSize }
  const transport = new StdioClientTransport({ ...settings, ...place })
  let tail = ''
  transport.stderr?.on('data', (piece: Uint8Array) => {
    tail = (tail + new TextDecoder().decode(piece)).slice(-MAX_STDERR)
  })
  return { transport, lastWords: () => tail.trim() }
}

async function openHttp(
  { url, headers = {}, authProvider, fetch: send = fetch }: McpHttpServer,
  maxBytes: number,
): Promise<OpenTransport> {
  const { StreamableHTTPClientTransport } = await load(
    import('@modelcontextprotocol/sdk/client/streamableHttp.js'),
  )
  const unanswered = new Set<RequestId>()
  // The SDK waits for an answer whose stream has ended, until its time has passed.
  const lost = (id: RequestId): void => {
    if (unanswered.delete(id))
      transport.onmessage?.({ jsonrpc: '2.0', id, error: { code: STREAM_ENDED, message: ENDED_EARLY } })
  }
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: { ...headers } },
    fetch: async (target, init) => {
      const id = requestId(init?.body)
      if (id !== undefined) unanswered.add(id)
      const response = await send(target, init)
      return watched(response, { maxBytes, ended: () => id !== undefined && setImmediate(lost, id) })
    },
    ...(authProvider && { authProvider: authProvider as never }),
  })
  // The SDK calls this before it reads a message itself.
  const received = (message: { readonly id?: RequestId | undefined }): void => {
    if (message.id !== undefined) unanswered.delete(message.id)
  }
  Object.assign(transport, { onmessage: received })
  return {
    transport,
    finishAuth: (code) => transport.finishAuth(code),
    endSession: () => transport.terminateSession(),
  }
}

type RequestId = string | number

const ENDED_EARLY = 'the stream ended before the answer'

function requestId(body: unknown): RequestId | undefined {
  if (typeof body !== 'string') return undefined
  const { id, method } = objectOf(parseJson(body))
  const isId = typeof id === 'string' || typeof id === 'number'
  return isId && method !== undefined ? id : undefined
}

interface Watch {
  readonly maxBytes: number
  /** Called at the end of a stream that cannot be resumed. */
  readonly ended: () => void
}

/** A response whose body ends with an error if one message of it is larger than `maxBytes`. */
function watched(response: Response, { maxBytes, ended }: Watch): Response {
  const { body, status, statusText, headers } = response
  const isStream = headers.get('content-type')?.startsWith('text/event-stream') === true
  if (body === null) return response
  const reader = (body as ReadableStream<Uint8Array>).getReader()
  let size = 0
  let isResumable = false
  const over = (): void => {
    if (isStream && !isResumable) ended()
  }
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    try {
      const { done, value } = await reader.read()
      if (done) {
        controller.close()
        return over()
      }
      // An event of a stream ends with a line.
      const end = isStream ? value.lastIndexOf(LINE_FEED) : -1
      size = end < 0 ? size + value.length : value.length - end
      if (size > maxBytes) throw tooLarge(maxBytes)
      isResumable ||= isStream && EVENT_ID.test(decoder.decode(value))
      controller.enqueue(value)
    } catch (error) {
      void reader.cancel(error).catch(() => undefined)
      controller.error(error)
      over()
    }
  }
  const bounded = new ReadableStream({ pull, cancel: (reason) => reader.cancel(reason) })
  return new Response(bounded, { status, statusText, headers })
}

const LINE_FEED = 10
const EVENT_ID = /^id: ?\S/m
const decoder = new TextDecoder()

function tooLarge(maxBytes: number): LlmError {
  return new LlmError('tool-failed', `a message of the server has more than ${maxBytes} bytes`)
}
