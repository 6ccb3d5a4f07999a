import { LlmError } from '../../core/error.ts'
import { checkOptions } from '../../core/options.ts'
import type { TransportOptions, Transport, HttpResponse, HttpRequest } from '../../core/wire.ts'
import { transportError } from '../explain-failure.ts'
import { isRedirected, nextHop } from '../redirect.ts'
import { createAgent, type OwnedDispatcher, type UndiciDispatcher } from './dispatcher.ts'
import { ACCEPTED_CODINGS } from './content-coding.ts'
import { Exchange } from './exchange.ts'
import { createReuseWatch, type ReuseWatch } from './reuse.ts'
import { undiciTransportSchema, type UndiciTransportOptions } from './options.ts'

export type { UndiciDispatcher } from './dispatcher.ts'
export type { UndiciTransportOptions } from './options.ts'

/**
 * Creates a transport for Node on undici's `dispatch()`, with pooling, keep-alive, HTTP/2 and proxies. It costs a fraction
 * of `fetch` per call and per open stream. One transport serves a whole process; `close()` ends its connections. Calls
 * reject with `misconfigured` if the optional peer undici is not installed.
 */
export function createUndiciTransport(
  options: UndiciTransportOptions = {},
): Transport & { close(): Promise<void> } {
  checkOptions('createUndiciTransport', undiciTransportSchema, options)
  const parse = createAddressParser()
  const reuse = createReuseWatch()
  let owned: Promise<OwnedDispatcher> | undefined
  let dispatcher = options.dispatcher
  const load = async (): Promise<UndiciDispatcher> => {
    owned ??= createAgent(options)
    return (dispatcher = await owned)
  }
  const start = (request: HttpRequest, sending: TransportOptions, loaded: UndiciDispatcher) =>
    dispatch({ dispatcher: loaded, parse, reuse }, request, sending, NO_TRIES)
  return {
    send: (request, sending) =>
      dispatcher === undefined
        ? load().then((loaded) => start(request, sending, loaded))
        : start(request, sending, dispatcher),
    close: async () => {
      reuse.close()
      await (await owned?.catch(() => undefined))?.destroy()
    },
  }
}

interface Connection {
  readonly dispatcher: UndiciDispatcher
  readonly parse: (url: string) => Address
  readonly reuse: ReuseWatch
}

/** Redirects that were followed, and whether the request was repeated after a stale connection. */
interface Tries {
  readonly hops: number
  readonly repeated: boolean
}
const NO_TRIES: Tries = { hops: 0, repeated: false }

function dispatch(
  connection: Connection,
  request: HttpRequest,
  options: TransportOptions,
  tries: Tries,
): Promise<HttpResponse> {
  const { signal, connectMs } = options
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const { origin, path } = connection.parse(request.url)
    const follow = async (response: HttpResponse): Promise<HttpResponse> => {
      const next = nextHop(request, response, tries.hops)
      return next === undefined
        ? response
        : dispatch(connection, next, options, { ...tries, hops: tries.hops + 1 })
    }
    // A server closes idle connections, and its end may cross with the next request, which it then never reads.
    const onFailure = (error: unknown, isStale = false): void => {
      if (isStale && !tries.repeated)
        resolve(dispatch(connection, request, options, { ...tries, repeated: true }))
      else reject(isStale ? transportError(error, request.url, false) : error)
    }
    const onHead = (response: HttpResponse): void =>
      resolve(isRedirected(response) ? follow(response) : response)
    const exchange = new Exchange(
      { url: request.url, signal, connectMs, reuse: connection.reuse },
      { resolve: onHead, reject: onFailure },
    )
    const { method, body } = request
    const asks = request.headers['accept-encoding'] !== undefined
    const headers = asks ? request.headers : { ...request.headers, 'accept-encoding': ACCEPTED_CODINGS }
    try {
      connection.dispatcher.dispatch({ origin, path, method, headers, body: body ?? null }, exchange)
    } catch (error) {
      exchange.onResponseError(undefined, error as Error)
    }
  })
}

/** A URL in the two parts that `dispatch()` takes. */
interface Address {
  readonly url: string
  readonly origin: string
  readonly path: string
}

// Keeps the last result, because most calls of a process go to the same few URLs.
function createAddressParser(): (url: string) => Address {
  let last: Address | undefined
  return (url) => (last?.url === url ? last : (last = parseAddress(url)))
}

function parseAddress(url: string): Address {
  if (!URL.canParse(url))
    throw new LlmError(
      'misconfigured',
      `${JSON.stringify(url)} is not a URL: give baseUrl with scheme and host`,
    )
  const { origin, pathname, search } = new URL(url)
  return { url, origin, path: pathname + search }
}
