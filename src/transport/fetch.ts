import type { ByteSource, TransportOptions, Transport, HttpResponse, HttpRequest } from '../core/wire.ts'
import { createConnectWatch, type ConnectWatch } from './connect-watch.ts'
import { transportError } from './failure.ts'
import { nextHop } from './redirect.ts'

/**
 * The default transport, on `fetch`. The global one is looked up at each call, so that interceptors work. `connectMs`
 * needs Node's own fetch: another one does not tell when it is connected, and its connections are not timed.
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
}

/**
 * Node's fetch copies a request before it sends it, body and all, unless redirects are errors: a tenth of what a call
 * costs. So they are, and the rare request that is redirected is sent again to see where to.
 */
const OWN_REDIRECT: RequestInit['redirect'] =
  globalThis.process?.versions?.['undici'] === undefined ? 'manual' : 'error'

function send(
  fetcher: Fetcher,
  request: HttpRequest,
  options: TransportOptions,
  turn: number,
): Promise<HttpResponse> {
  const { url } = request
  // One promise for all of it: each further one is paid by every call.
  return startFetch(fetcher, request, options).then(
    (response) => {
      const reply = replyOf(response, url)
      const hop = nextHop(request, reply, turn)
      return hop === undefined ? reply : send(fetcher, hop, options, turn + 1)
    },
    (error: unknown) => {
      if (options.signal.aborted) throw options.signal.reason
      if (fetcher.redirect === 'error' && isRedirect(error))
        return send({ ...fetcher, redirect: 'manual' }, request, options, turn)
      throw transportError(error, url)
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

// A mock may throw, or give no promise.
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

function replyOf(response: Response, url: string): HttpResponse {
  return {
    status: response.status,
    header: (name) => response.headers.get(name) ?? undefined,
    body: response.body === null ? emptySource : sourceOf(response.body, lengthOf(response.headers), url),
  }
}

/** The bytes that will come, where that was said of them as they will be read; else `NaN`. */
function lengthOf(headers: Headers): number {
  const length = headers.get('content-length')
  return length === null || headers.has('content-encoding') ? Number.NaN : Number(length)
}

const NO_MORE = Promise.resolve(null)
const emptySource: ByteSource = { read: () => NO_MORE, cancel: () => undefined }

/**
 * Where all `length` bytes have come, the end is known: to hear it from Node's fetch as well is a tenth of what a call
 * costs. The connection is free for the next one either way.
 */
function sourceOf(body: ReadableStream<Uint8Array>, length: number, url: string): ByteSource {
  const reader = body.getReader()
  let left = length
  const pieceOf = ({ value }: { readonly value?: Uint8Array | undefined }): Uint8Array | null => {
    if (value === undefined) return null
    left -= value.length
    return value
  }
  const fail = (error: unknown): never => {
    throw transportError(error, url)
  }
  return {
    read: () => (left === 0 ? NO_MORE : reader.read().then(pieceOf, fail)),
    cancel: () => {
      if (left !== 0) reader.cancel().catch(() => undefined)
    },
  }
}
