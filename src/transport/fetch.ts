import type { ByteSource, SendOptions, Transport, WireReply, WireRequest } from '../core/wire.ts'
import { createConnectWatch, type ConnectWatch } from './connect-watch.ts'
import { transportError } from './failure.ts'
import { followRedirects } from './redirect.ts'

/**
 * The default transport, on `fetch`. The global one is looked up at each call, so that interceptors work. `connectMs`
 * needs Node's own fetch: another one does not tell when it is connected, and its connections are not timed.
 */
export function createFetchTransport(fetchFn?: typeof globalThis.fetch): Transport {
  const connects = createConnectWatch()
  const fetcher: Fetcher = { fetchFn, connects }
  return {
    send: (request, options) => followRedirects(request, (hop) => sendOnce(fetcher, hop, options)),
    close: async () => connects.close(),
  }
}

interface Fetcher {
  readonly fetchFn: typeof globalThis.fetch | undefined
  readonly connects: ConnectWatch
}

function sendOnce(fetcher: Fetcher, request: WireRequest, options: SendOptions): Promise<WireReply> {
  const { signal } = options
  return new Promise((resolve, reject) => {
    // A mock may ignore the signal; the call must end all the same.
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort)
    startFetch(fetcher, request, options).then(
      (response) => {
        signal.removeEventListener('abort', abort)
        resolve(replyOf(response, request.url))
      },
      (error: unknown) => {
        signal.removeEventListener('abort', abort)
        reject(signal.aborted ? signal.reason : transportError(error, request.url))
      },
    )
  })
}

async function startFetch(
  { fetchFn, connects }: Fetcher,
  { url, method, headers, body }: WireRequest,
  { signal, connectMs = 0 }: SendOptions,
): Promise<Response> {
  const init: RequestInit = { method, headers, body: body ?? null, signal, redirect: 'manual' }
  const call = (): Promise<Response> => (fetchFn === undefined ? fetchPlainly(url, init) : fetchFn(url, init))
  return connectMs > 0 && fetchFn === undefined ? connects.run(call, url, connectMs) : call()
}

/**
 * The global fetch. Node's copies a request before it sends it, body and all, unless redirects are errors: a tenth of
 * what a call costs. So they are, and the rare request that is redirected is sent again to see where to.
 */
function fetchPlainly(url: string, init: RequestInit): Promise<Response> {
  if (globalThis.process?.versions?.['undici'] === undefined) return globalThis.fetch(url, init)
  return globalThis.fetch(url, { ...init, redirect: 'error' }).catch((error: unknown) => {
    if (isRedirect(error)) return globalThis.fetch(url, init)
    throw error
  })
}

function isRedirect(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return (cause instanceof Error ? cause.message : cause) === 'unexpected redirect'
}

function replyOf(response: Response, url: string): WireReply {
  return {
    status: response.status,
    header: (name) => response.headers.get(name) ?? undefined,
    body: response.body === null ? emptySource : sourceOf(response.body, url),
  }
}

const emptySource: ByteSource = { read: () => Promise.resolve(null), cancel: () => undefined }

function sourceOf(body: ReadableStream<Uint8Array>, url: string): ByteSource {
  const reader = body.getReader()
  const fail = (error: unknown): never => {
    throw transportError(error, url)
  }
  return {
    read: () => reader.read().then(pieceOf, fail),
    cancel: () => {
      reader.cancel().catch(() => undefined)
    },
  }
}

function pieceOf({ value }: { readonly value?: Uint8Array | undefined }): Uint8Array | null {
  return value ?? null
}
