import { toLlmError } from '../../core/error.ts'
import { isObject, parseJson, textOf, type JsonObject } from '../../core/json.ts'

/** A stream on the server, and how far it was read. */
export interface RunPosition {
  readonly id: string
  /** The `id` of the last frame that was taken in. Left out: from the beginning. */
  readonly lastEventId?: string | undefined
}

/** Headers for every request: asked for anew each time where a function is given, so that a token may change. */
export type HeaderSource =
  | Readonly<Record<string, string>>
  | (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>)

/** How to reach a `createChatHandler`. */
export interface Endpoint {
  readonly url: string
  readonly headers?: HeaderSource | undefined
  /** Default `same-origin`. */
  readonly credentials?: 'omit' | 'same-origin' | 'include' | undefined
  readonly fetch?: typeof fetch | undefined
}

interface Sent extends Omit<RequestInit, 'headers'> {
  readonly headers: Readonly<Record<string, string>>
}

/** What the server knows of a conversation. */
export interface FoundRun {
  readonly id?: string | undefined
  readonly refused?: Response | undefined
}

/** The four requests of a chat. They reject as `fetch` does. */
export class ChatRequests {
  readonly #endpoint: Endpoint

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint
  }

  post(body: JsonObject, signal: AbortSignal): Promise<Response> {
    return this.#ask('', {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      signal,
    })
  }

  resume({ id, lastEventId }: RunPosition, signal: AbortSignal): Promise<Response> {
    const position = lastEventId === undefined ? undefined : { 'last-event-id': lastEventId }
    const headers = { accept: 'text/event-stream', ...position }
    return this.#ask(`/${encodeURIComponent(id)}/stream`, { headers, signal })
  }

  /** True where the server knows the stream: it is over, or about to end. Goes on when the page goes. */
  async cancel(id: string): Promise<boolean> {
    const init = { method: 'POST', headers: {}, keepalive: true }
    const response = await this.#ask(`/${encodeURIComponent(id)}/cancel`, init)
    await response.body?.cancel()
    return response.ok
  }

  /** A conversation's newest stream: its id, none, or why the server did not say. */
  async newestRun(conversationId: string, signal: AbortSignal): Promise<FoundRun> {
    const response = await this.#ask(`/${encodeURIComponent(conversationId)}/status`, { headers: {}, signal })
    if (response.ok) {
      // A server that has a page for every address knows nothing of streams.
      const status = parseJson(await response.text())
      return { id: isObject(status) ? textOf(status['streamId']) : undefined }
    }
    if (response.status !== 404 && response.status !== 405) return { refused: response }
    await response.body?.cancel()
    return {}
  }

  async #ask(path: string, init: Sent): Promise<Response> {
    const { url, headers, credentials = 'same-origin', fetch: given } = this.#endpoint
    const own = typeof headers === 'function' ? await ownHeaders(headers) : headers
    // The wait for the headers may have outlived the wish.
    init.signal?.throwIfAborted()
    const all = { ...init, headers: { ...own, ...init.headers }, credentials, cache: 'no-store' as const }
    const [place = '', query] = url.split('?', 2)
    const address = `${place.replace(/\/$/, '')}${path}${query === undefined ? '' : `?${query}`}`
    return given === undefined ? fetch(address, all) : given(address, all)
  }
}

async function ownHeaders(
  make: Extract<HeaderSource, () => unknown>,
): Promise<Readonly<Record<string, string>>> {
  try {
    return await make()
  } catch (error) {
    throw toLlmError(error, 'unauthorized', 'The headers of the request could not be made')
  }
}
