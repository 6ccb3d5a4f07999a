import type { IncomingMessage } from 'node:http'
import { LlmError } from '../../core/error.ts'

/** A request of node:http, perhaps with a body that a parser before us has read already. */
export type NodeRequest = IncomingMessage & { body?: unknown }

type WebBody = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>

const BODILESS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])
// They tell of the bytes on the wire, which a parser before us has taken off.
const WIRE_HEADERS: readonly string[] = ['content-length', 'content-encoding', 'transfer-encoding']

/** The same request in the words of the web. `signal` is what its `signal` will be. Throws for what the web knows not. */
export function webRequest(request: NodeRequest, parsed: unknown, signal: AbortSignal): Request {
  const { method = 'GET' } = request
  const headers = headersOf(request)
  const body = BODILESS.has(method) ? undefined : bodyOf(request, parsed, headers)
  const init: RequestInit & { duplex?: 'half' } = { method, headers, body: body ?? null }
  if (body instanceof ReadableStream) init.duplex = 'half'
  const made = new Request(urlOf(request), init)
  // Its own would be a copy that follows ours only while someone holds the request.
  Object.defineProperty(made, 'signal', { value: signal })
  return made
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
    // What HTTP/2 puts there is no header.
    if (!name.startsWith(':')) headers.append(name, rawHeaders[at + 1] ?? '')
  }
  return headers
}

function bodyOf(request: NodeRequest, parsed: unknown, headers: Headers): WebBody | undefined {
  const given = parsed ?? request.body
  if (!request.readableDidRead && !request.readableEnded) {
    const hasBody = headers.has('transfer-encoding') || Number(headers.get('content-length') ?? 0) > 0
    // Over HTTP/2 neither is needed.
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
    'toNodeHandler: the body was read before, and is not in request.body: mount this handler before what reads it',
  )
}

// Nothing is taken off the wire before someone asks, and no more than is asked for.
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
        // What still comes is thrown away: the connection may serve another request.
        request.resume()
      },
    },
    { highWaterMark: 0 },
  )
}

/** Lets a request feed a stream. Returns how it stops. */
function attach(
  request: IncomingMessage,
  controller: ReadableStreamDefaultController<Uint8Array>,
): () => void {
  const onData = (piece: Buffer): void => {
    controller.enqueue(piece)
    if ((controller.desiredSize ?? 0) <= 0) request.pause()
  }
  const onEnd = (): void => {
    detach()
    controller.close()
  }
  const onBroken = (): void => {
    detach()
    controller.error(new LlmError('aborted', 'the body of the request broke off'))
  }
  const detach = (): void => {
    request.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken)
    // One that breaks later has nobody to tell.
    request.on('error', () => undefined)
  }
  request.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken)
  return detach
}
