import type { ByteSource, TransportOptions, Transport, HttpResponse, HttpRequest } from '../core/wire.ts'
import { createConnectWatch, type ConnectWatch } from './connect-watch.ts'
import { rejectFailure } from './failure.ts'
import { nextHop } from './redirect.ts'

/**
 * Creates the default transport, on `fetch`. Without `fetchFn` it uses the global `fetch` of the moment of each call, so
 * that interceptors work. `connectMs` has an effect with Node's own `fetch` only, because others do not report when they
 * are connected.
 */
export function createFetchTransport(fetchFn?: typeof globalThis.fetch): Transport {
  const connects = createConnectWatch()
  const fetcher: Fetcher = { fetchFn, connects, redirect: fetchFn === undefined ? OWN_REDIRECT : 'manual' }
  return {
    send: (request, options) => send(fetcher, request, options, 0),
    close: async () => connects.close(),
  }
}

interface Fetcher {
  readonly fetchFn: typeof globalThis.fetch | undefined
  readonly connects: ConnectWatch
  readonly redirect: RequestInit['redirect']
  /** Whether a request is repeated whose connection the server had closed. Default true. */
  readonly repeats?: boolean | undefined
}

// With any other setting Node's fetch copies the request and its body first, which is a tenth of a call's cost. A request
// that is redirected is therefore sent a second time to read the target.
const OWN_REDIRECT: RequestInit['redirect'] =
  globalThis.process?.versions?.['undici'] === undefined ? 'manual' : 'error'

function send(
  fetcher: Fetcher,
  request: HttpRequest,
  options: TransportOptions,
  hops: number,
): Promise<HttpResponse> {
  const { url } = request
  // Not an async function, because every further promise costs each call time.
  return startFetch(fetcher, request, options).then(
    (response) => {
      const reply = replyOf(response, url)
      const hop = nextHop(request, reply, hops)
      return hop === undefined ? reply : send(fetcher, hop, options, hops + 1)
    },
    (error: unknown) => {
      if (options.signal.aborted) throw options.signal.reason
      if (fetcher.redirect === 'error' && isRedirect(error))
        return send({ ...fetcher, redirect: 'manual' }, request, options, hops)
      if (fetcher.repeats !== false && isStale(error))
        return send({ ...fetcher, repeats: false }, request, options, hops)
      return rejectFailure(error, url, false)
    },
  )
}

function startFetch(
  { fetchFn, connects, redirect }: Fetcher,
  { url, method, headers, body }: HttpRequest,
  { signal, connectMs = 0 }: TransportOptions,
): Promise<Response> {
  const init: RequestInit = { method, headers, body: body ?? null, signal, redirect }
  if (fetchFn !== undefined) return attempt(() => fetchFn(url, init))
  return connectMs > 0
    ? connects.run(() => globalThis.fetch(url, init), url, connectMs)
    : attempt(() => globalThis.fetch(url, init))
}

// A mock may throw, or return no promise.
function attempt(call: () => Promise<Response>): Promise<Response> {
  try {
    return Promise.resolve(call())
  } catch (error) {
    return Promise.reject(error)
  }
}

function isRedirect(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return (cause instanceof Error ? cause.message : cause) === 'unexpected redirect'
}

// A kept connection, which had carried an earlier reply and was closed by the server before it read this request.
function isStale(error: unknown): boolean {
  const { code, socket } = (error instanceof Error ? (error.cause ?? {}) : {}) as StaleCause
  return code === 'UND_ERR_SOCKET' && socket !== undefined && (socket.bytesRead ?? 0) > 0
}
interface StaleCause {
  readonly code?: unknown
  readonly socket?: { readonly bytesRead?: number }
}

function replyOf(response: Response, url: string): HttpResponse {
  return {
    status: response.status,
    header: (name) => response.headers.get(name) ?? undefined,
    headers: () => Object.fromEntries(response.headers),
    body: response.body === null ? emptySource : sourceOf(response.body, lengthOf(response.headers), url),
  }
}

/** Length of the body in bytes as they will be read; `NaN` if unknown or compressed. */
function lengthOf(headers: Headers): number {
  const length = headers.get('content-length')
  return length === null || headers.has('content-encoding') ? Number.NaN : Number(length)
}

const NO_MORE = Promise.resolve(null)
const emptySource: ByteSource = { read: () => NO_MORE, cancel: () => undefined }

/**
 * The body as a byte source. It ends after `length` bytes without asking `fetch` for the end, because that read is a
 * tenth of a call's cost. The connection is free for the next call either way.
 */
function sourceOf(body: ReadableStream<Uint8Array>, length: number, url: string): ByteSource {
  const reader = body.getReader()
  let left = length
  const pieceOf = ({ value }: { readonly value?: Uint8Array | undefined }): Uint8Array | null => {
    if (value === undefined) return null
    left -= value.length
    return value
  }
  const fail = (error: unknown): Promise<never> => rejectFailure(error, url, true)
  return {
    read: () => (left === 0 ? NO_MORE : reader.read().then(pieceOf, fail)),
    cancel: () => {
      if (left !== 0) reader.cancel().catch(() => undefined)
    },
  }
}
