import type { IncomingMessage } from 'node:http'
import { LlmError } from '../../core/error.ts'
import { HttpError } from './guards/index.ts'

/** A request of node:http, with `body` if an earlier parser has read it. */
export type NodeRequest = IncomingMessage & { body?: unknown }

type WebBody = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>

const BODILESS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])
// They describe the bytes on the wire, which an earlier parser has consumed.
const WIRE_HEADERS: readonly string[] = ['content-length', 'content-encoding', 'transfer-encoding']

/** Converts a request of node:http to a web `Request` with the given `signal`. Throws an `HttpError` for a method that `Request` forbids or a wrong `Host`. */
export function webRequest(request: NodeRequest, parsed: unknown, signal: AbortSignal): Request {
  const { method = 'GET' } = request
  checkRequestLine(method, request.headers.host)
  const headers = headersOf(request)
  const body = BODILESS.has(method) ? undefined : bodyOf(request, parsed, headers)
  const init: RequestInit & { duplex?: 'half' } = { method, headers, body: body ?? null }
  if (body instanceof ReadableStream) init.duplex = 'half'
  const made = new Request(urlOf(request), init)
  // A signal passed to the constructor is copied; the copy stops following once the request is garbage.
  Object.defineProperty(made, 'signal', { value: signal })
  return made
}

// `Request` refuses them, because a web page may not send them.
const FORBIDDEN: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK'])
// Whatever else is in a host would lead the path elsewhere than the request line does.
const HOST = /^(?:[\w.~!$&'()*+,;=%-]*|\[[\da-f:.]+\])(?::\d*)?$/i

function checkRequestLine(method: string, host = ''): void {
  if (FORBIDDEN.has(method.toUpperCase())) {
    const message = `the method ${method} is not supported`
    const error = new LlmError('invalid-request', message, { code: 'method_not_allowed' })
    throw new HttpError(405, error, { allow: 'GET, HEAD, POST, DELETE, OPTIONS' })
  }
  if (!HOST.test(host))
    throw new HttpError(400, new LlmError('invalid-request', 'the Host header is not a host'))
}

function urlOf({ url = '/', headers, socket }: IncomingMessage): string {
  const scheme = 'encrypted' in socket ? 'https' : 'http'
  const whole = url.startsWith('/') ? `${scheme}://${headers.host ?? 'localhost'}${url}` : url
  if (URL.canParse(whole)) return whole
  return `${scheme}://localhost${url.startsWith('/') ? url : '/'}`
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers()
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    // HTTP/2 lists pseudo-headers here.
    if (!name.startsWith(':')) headers.append(name, rawHeaders[at + 1] ?? '')
  }
  return headers
}

function bodyOf(request: NodeRequest, parsed: unknown, headers: Headers): WebBody | undefined {
  const given = parsed ?? request.body
  if (!request.readableDidRead && !request.readableEnded) {
    const hasBody = headers.has('transfer-encoding') || Number(headers.get('content-length') ?? 0) > 0
    // HTTP/2 requires neither header.
    return hasBody || request.httpVersionMajor > 1 ? bodyStream(request) : undefined
  }
  for (const name of WIRE_HEADERS) headers.delete(name)
  if (typeof given === 'string') return given
  if (given instanceof Uint8Array) return new Uint8Array(given)
  if (typeof given === 'object' && given !== null) {
    headers.set('content-type', 'application/json')
    return JSON.stringify(given)
  }
  if (given === undefined && request.readableEnded && request.headers['content-length'] === '0')
    return undefined
  throw new LlmError(
    'misconfigured',
    'toNodeHandler: request body was already consumed by another parser and is not in request.body; mount this handler before it',
  )
}

// Reads from the socket only on demand.
function bodyStream(request: IncomingMessage): ReadableStream<Uint8Array> {
  let detach: (() => void) | undefined
  return new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        detach ??= attach(request, controller)
        request.resume()
      },
      cancel: () => {
        detach?.()
        // Discards the rest, so that the connection can serve another request.
        request.resume()
      },
    },
    { highWaterMark: 0 },
  )
}

/** Forwards a request's data to a stream. Returns a function that stops it. */
function attach(
  request: IncomingMessage,
  controller: ReadableStreamDefaultController<Uint8Array>,
): () => void {
  const onData = (chunk: Buffer): void => {
    controller.enqueue(chunk)
    if ((controller.desiredSize ?? 0) <= 0) request.pause()
  }
  const onEnd = (): void => {
    detach()
    controller.close()
  }
  const onBroken = (): void => {
    detach()
    controller.error(new LlmError('aborted', 'the request body ended early'))
  }
  const detach = (): void => {
    request.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken)
    // A later error concerns no reader.
    request.on('error', () => undefined)
  }
  request.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken)
  return detach
}
