import type { IncomingMessage, ServerResponse } from 'node:http'
import { LlmError } from '../../core/error.ts'
import { webRequest, type NodeRequest } from './node-request.ts'
import { sendResponse, type NodeResponse } from './node-response.ts'

/** A web-standard handler: what `createOpenAIHandler` and its like give. */
export type WebHandler = (request: Request) => Response | Promise<Response>

/** Fastify's request and reply, as far as they are needed. */
export interface RawRequest {
  readonly raw: IncomingMessage
  readonly body?: unknown
}
export interface RawReply {
  readonly raw: ServerResponse
  hijack(): unknown
}

/** For `createServer`, `app.use` of Express, and routes of Fastify. Resolves when the answer is out or its reader gone; never rejects. */
export interface NodeHandler {
  (request: IncomingMessage, response: ServerResponse, next?: unknown): Promise<void>
  (request: RawRequest, reply: RawReply): Promise<void>
}

export interface NodeHandlerOptions {
  /** Told what went wrong outside the handler's own answers: a body already read, a stream that broke. Must not throw. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/**
 * A web-standard handler for node:http, Express and Fastify. Writes no faster than the client reads; a client that leaves
 * aborts the request's `signal` and cancels the body. An error before the head is a 500, one after it breaks the
 * connection: a cut answer never looks whole.
 */
export function toNodeHandler(handler: WebHandler, options: NodeHandlerOptions = {}): NodeHandler {
  return async (
    request: IncomingMessage | RawRequest,
    response: ServerResponse | RawReply,
  ): Promise<void> => {
    const parsed = 'raw' in request ? request.body : undefined
    const incoming: NodeRequest = 'raw' in request ? request.raw : request
    if ('hijack' in response) response.hijack()
    const out: NodeResponse = 'hijack' in response ? response.raw : response
    // A write that comes too late has nobody to tell.
    out.on('error', ignore)
    const left = new AbortController()
    const onClose = (): void => {
      if (!out.writableFinished) left.abort(new LlmError('aborted', 'the client went away'))
    }
    out.once('close', onClose)
    // Gone while something before us took its time.
    if (out.destroyed) onClose()
    try {
      const answer = await handler(webRequest(incoming, parsed, left.signal))
      await sendResponse(answer, out)
    } catch (error) {
      tell(options, error)
      fail(out)
    }
  }
}

const ignore = (): void => undefined

function tell({ onError }: NodeHandlerOptions, error: unknown): void {
  try {
    onError?.(error)
  } catch {
    // The host's own trouble: the request has to end all the same.
  }
}

function fail(out: NodeResponse): void {
  if (out.headersSent) {
    out.destroy()
    return
  }
  const message = 'the request could not be served'
  const body = JSON.stringify({ error: { message, type: 'server_error', param: null, code: null } })
  out.writeHead(500, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  out.end(body)
}
