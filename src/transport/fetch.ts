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

async function sendOnce(
  { fetchFn, connects }: Fetcher,
  request: WireRequest,
  options: SendOptions,
): Promise<WireReply> {
  const { url, method, headers, body } = request
  const init: RequestInit = {
    method,
    headers,
    body: body ?? null,
    signal: options.signal,
    redirect: 'manual',
  }
  const call = (): Promise<Response> => (fetchFn ?? globalThis.fetch)(url, init)
  try {
    const watched = options.connectMs !== undefined && options.connectMs > 0 && fetchFn === undefined
    const sent = watched ? connects.run(call, url, options.connectMs ?? 0) : call()
    return replyOf(await orAborted(sent, options.signal), url)
  } catch (error) {
    throw options.signal.aborted ? options.signal.reason : transportError(error, url)
  }
}

// A mock may ignore the signal; the call must end all the same.
function orAborted(sent: Promise<Response>, signal: AbortSignal): Promise<Response> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    sent.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
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
  return {
    read: async () => {
      try {
        const { value } = await reader.read()
        return value ?? null
      } catch (error) {
        throw transportError(error, url)
      }
    },
    cancel: () => {
      reader.cancel().catch(() => undefined)
    },
  }
}
