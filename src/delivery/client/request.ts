import { toLlmError } from '../../core/error.ts'
import { isObject, parseJson, textOf, type JsonObject } from '../../core/json.ts'

/** A stream run on the server, and how far the client has read it. */
export interface RunPosition {
  readonly id: string
  /** The `id` of the last frame that was read. Default: none, which means from the beginning. */
  readonly lastEventId?: string | undefined
}

/**
 * Headers of every request. A function is called before each request, so that a token may change; if it throws or rejects,
 * the answer fails with `unauthorized`.
 */
export type HeaderSource =
  | Readonly<Record<string, string>>
  | (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>)

/** How to reach a `createChatHandler`. */
export interface Endpoint {
  /** Address of the handler, with its origin outside of a browser. Its query string is sent with every request. */
  readonly url: string
  /** Default: none. */
  readonly headers?: HeaderSource | undefined
  /** When `fetch` sends cookies. Default `same-origin`. */
  readonly credentials?: 'omit' | 'same-origin' | 'include' | undefined
  /** Called in place of the global `fetch`. If it rejects, the client reconnects as after a lost connection. */
  readonly fetch?: typeof fetch | undefined
}

interface RequestParts extends Omit<RequestInit, 'headers'> {
  readonly headers?: Readonly<Record<string, string>>
}

/** The newest run of a conversation: `refused` is the response of a server that did not say. */
export interface FoundRun {
  readonly id?: string | undefined
  readonly refused?: Response | undefined
}

/** The four requests of a chat. They reject like `fetch`. */
export class ChatRequests {
  readonly #endpoint: Endpoint

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint
  }

  post(body: JsonObject, signal: AbortSignal): Promise<Response> {
    return this.#send({
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      signal,
    })
  }

  resume({ id, lastEventId }: RunPosition, signal: AbortSignal): Promise<Response> {
    const position = lastEventId === undefined ? undefined : { 'last-event-id': lastEventId }
    const headers = { accept: 'text/event-stream', ...position }
    return this.#send({ headers, signal }, pathOf(id, 'stream'))
  }

  /** Resolves with whether the server knows the run. The request outlives the page. */
  async cancel(id: string): Promise<boolean> {
    const response = await this.#send({ method: 'POST', keepalive: true }, pathOf(id, 'cancel'))
    await response.body?.cancel()
    return response.ok
  }

  /** Finds the newest run of a conversation. */
  async newestRun(conversationId: string, signal: AbortSignal): Promise<FoundRun> {
    const response = await this.#send({ signal }, pathOf(conversationId, 'status'))
    if (response.ok) {
      // Read leniently, because some servers answer unknown paths with a page.
      const status = parseJson(await response.text())
      return { id: isObject(status) ? textOf(status['streamId']) : undefined }
    }
    if (response.status !== 404 && response.status !== 405) return { refused: response }
    await response.body?.cancel()
    return {}
  }

  async #send(init: RequestParts, path = ''): Promise<Response> {
    const { url, headers, credentials = 'same-origin', fetch: given = fetch } = this.#endpoint
    const own = typeof headers === 'function' ? await callHeaders(headers) : headers
    // Checked here, because the request may have been aborted while the headers were awaited.
    init.signal?.throwIfAborted()
    const all = { ...init, headers: { ...own, ...init.headers }, credentials, cache: 'no-store' as const }
    const [base = '', query] = url.split('?', 2)
    const address = `${base.replace(/\/$/, '')}${path}${query === undefined ? '' : `?${query}`}`
    return given(address, all)
  }
}

function pathOf(id: string, action: string): string {
  return `/${encodeURIComponent(id)}/${action}`
}

async function callHeaders(
  make: Extract<HeaderSource, () => unknown>,
): Promise<Readonly<Record<string, string>>> {
  try {
    return await make()
  } catch (error) {
    throw toLlmError(error, 'unauthorized', 'headers failed')
  }
}
