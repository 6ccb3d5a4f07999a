import { callSafely } from '../../core/host-function.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { LlmError } from '../../core/error.ts'
import { checkOptions, optionsSchema } from '../../core/options.ts'
import { callable, group, kind, required, type Group } from '../../core/schema.ts'
import { HttpError } from './guards/index.ts'
import { webRequest, type NodeRequest } from './node-request.ts'
import { sendResponse, type NodeResponse } from './node-response.ts'

/** A web-standard handler, such as `createOpenAIHandler` returns. */
export type WebHandler = (request: Request) => Response | Promise<Response>

/** The parts of Fastify's request and reply that the handler uses. */
export interface RawRequest {
  readonly raw: IncomingMessage
  readonly body?: unknown
}
export interface RawReply {
  readonly raw: ServerResponse
  hijack(): unknown
}

/** A handler for `createServer`, Express's `app.use` and Fastify's routes. Resolves when the response is sent or the client disconnected; never rejects. */
export interface NodeHandler {
  (request: IncomingMessage, response: ServerResponse, next?: unknown): Promise<void>
  (request: RawRequest, reply: RawReply): Promise<void>
}

export interface NodeHandlerOptions {
  /** Called with errors that the handler could not answer: a consumed request body, a broken stream. Must not throw. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** The schema of {@link NodeHandlerOptions}. */
export const nodeHandlerSchema: Group = optionsSchema<NodeHandlerOptions>()(() => ({ onError: callable }))
const argumentsSchema = group(() => ({
  handler: required(
    kind(
      'a function of a Request, such as createOpenAIHandler returns',
      (value) => typeof value === 'function',
    ),
  ),
}))

/**
 * Adapts a web-standard handler to node:http, Express and Fastify. It writes no faster than the client reads. A
 * disconnect aborts the request's `signal` and cancels the body. An error before the headers becomes a 500; a later one
 * closes the connection, so that a partial response never looks complete. Throws `misconfigured` if the handler or an option is wrong.
 */
export function toNodeHandler(handler: WebHandler, options: NodeHandlerOptions = {}): NodeHandler {
  checkOptions('toNodeHandler', argumentsSchema, { handler })
  checkOptions('toNodeHandler', nodeHandlerSchema, options)
  return async (
    request: IncomingMessage | RawRequest,
    response: ServerResponse | RawReply,
  ): Promise<void> => {
    const parsed = 'raw' in request ? request.body : undefined
    const incoming: NodeRequest = 'raw' in request ? request.raw : request
    if ('hijack' in response) response.hijack()
    const out: NodeResponse = 'hijack' in response ? response.raw : response
    // A write after a disconnect fails; `close` reports the disconnect.
    out.on('error', ignore)
    const disconnected = new AbortController()
    const onClose = (): void => {
      if (!out.writableFinished) disconnected.abort(new LlmError('aborted', 'the client disconnected'))
    }
    out.once('close', onClose)
    // The client may have disconnected while earlier middleware ran.
    if (out.destroyed) onClose()
    try {
      const answer = await handler(webRequest(incoming, parsed, disconnected.signal))
      await sendResponse(answer, out)
    } catch (error) {
      if (error instanceof HttpError && !out.headersSent) refuse(out, error)
      else {
        report(options, error)
        fail(out)
      }
    }
  }
}

const ignore = (): void => undefined

function report({ onError }: NodeHandlerOptions, error: unknown): void {
  // An error of the application's callback must not keep the request open.
  callSafely(() => onError?.(error))
}

function fail(out: NodeResponse): void {
  if (out.headersSent) {
    out.destroy()
    return
  }
  const message = 'the request could not be served'
  send(out, 500, { error: { message, type: 'server_error', param: null, code: null } })
}

function refuse(out: NodeResponse, { status, error, headers }: HttpError): void {
  const { message, code = null } = error
  for (const [name, value] of Object.entries(headers)) out.setHeader(name, value)
  send(out, status, { error: { message, type: 'invalid_request_error', param: null, code } })
}

function send(out: NodeResponse, status: number, answer: object): void {
  const body = JSON.stringify(answer)
  out.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  out.end(body)
}
