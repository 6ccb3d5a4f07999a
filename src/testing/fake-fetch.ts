import { checkOptions, optionsSchema } from '../core/options.ts'
import type { Group } from '../core/schema.ts'
import type { FakeRequestLog, Recorder } from './request-log.ts'
import { createResponder, fakeRows, type FakeOptions, type Incoming, type Responder } from './responder.ts'
import type { FakeScript } from './script.ts'
import { perform, type Sink } from './steps.ts'

/** A `fetch` that a script answers. Pass it to `chatApiCall`, a provider's config or an SDK. */
export interface FakeFetch {
  (input: string | URL | Request, init?: RequestInit): Promise<Response>
  /** Every request so far, in order of arrival. */
  readonly log: readonly FakeRequestLog[]
  /** Whether any wire format of the fake has such a request. */
  knows(request: { readonly method: string; readonly url: string; readonly headers: Headers }): boolean
}

/** The schema of {@link FakeOptions}. */
export const fakeFetchSchema: Group = optionsSchema<FakeOptions>()(fakeRows)

/**
 * Creates a fake provider without a socket: the same scripts and request checks, in memory. It answers for any host; the
 * end of the path selects the wire format.
 *
 * ```ts
 * const fetch = fakeFetch({ text: 'Hello!', usage: { inputTokens: 3, outputTokens: 2 } })
 * const reply = await chatApiCall({ provider: 'anthropic', model: 'claude-haiku-4-5', apiKey: 'any', messages, fetch })
 * ```
 */
export function fakeFetch(script: FakeScript, options: FakeOptions = {}): FakeFetch {
  checkOptions('fakeFetch', fakeFetchSchema, options)
  const responder = createResponder(script, options)
  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init)
    request.signal.throwIfAborted()
    return respond(responder, await incomingOf(request), request.signal)
  }
  const knows: FakeFetch['knows'] = ({ method, url, headers }) =>
    responder.knows({ method, path: pathOf(url), headers: Object.fromEntries(headers) })
  return Object.assign(fetch, { log: responder.log, knows })
}

async function incomingOf(request: Request): Promise<Incoming> {
  const { method, url, headers } = request
  return { method, path: pathOf(url), headers: Object.fromEntries(headers), body: await request.text() }
}

function pathOf(url: string): string {
  const { pathname, search } = new URL(url)
  return pathname + search
}

/** Resolves with the response when its headers are known, as `fetch` does. The body follows as it is read. */
async function respond(responder: Responder, incoming: Incoming, signal: AbortSignal): Promise<Response> {
  const { steps, recorder } = await responder.answer(incoming)
  const gone = new AbortController()
  const { promise, resolve, reject } = Promise.withResolvers<Response>()
  const body = new BodySink(recorder, { resolve, reject, cancel: () => gone.abort() })
  const abort = (): void => {
    recorder.close('aborted')
    gone.abort()
    body.fail(signal.reason)
  }
  signal.addEventListener('abort', abort, { once: true })
  perform({ steps, sink: body, clock: responder.clock, gone: gone.signal })
    .catch((error: unknown) => body.fail(error))
    .finally(() => signal.removeEventListener('abort', abort))
  if (signal.aborted) abort()
  return promise
}

interface Outlet {
  readonly resolve: (response: Response) => void
  readonly reject: (reason: unknown) => void
  /** Called when the consumer cancels the body. */
  readonly cancel: () => void
}

class BodySink implements Sink {
  readonly #recorder: Recorder
  readonly #outlet: Outlet
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  #more: (() => void) | undefined

  constructor(recorder: Recorder, outlet: Outlet) {
    this.#recorder = recorder
    this.#outlet = outlet
  }

  head(status: number, headers: Readonly<Record<string, string>>): void {
    this.#recorder.head(status)
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#more?.(),
      cancel: () => {
        this.#recorder.close('aborted')
        this.#outlet.cancel()
        this.#more?.()
      },
    })
    this.#outlet.resolve(new Response(body, { status, headers: { ...headers } }))
  }

  send(data: Uint8Array): Promise<void> | void {
    if (this.#controller === undefined) return
    this.#recorder.sent(data.length)
    this.#controller.enqueue(data)
    if ((this.#controller.desiredSize ?? 1) > 0) return
    return new Promise((resolve) => (this.#more = resolve))
  }

  end(): void {
    this.#recorder.close('finished')
    if (this.#controller === undefined)
      this.#outlet.reject(connectionError('other side closed', 'UND_ERR_SOCKET'))
    else this.#controller.close()
  }

  reset(): void {
    this.#recorder.close('finished')
    this.fail(connectionError('read ECONNRESET', 'ECONNRESET'))
  }

  /** Ends the response with an error, before or after its headers. */
  fail(reason: unknown): void {
    this.#outlet.reject(reason)
    this.#controller?.error(reason)
    this.#more?.()
  }
}

// The form of the errors that Node's fetch throws.
function connectionError(message: string, code: string): TypeError {
  return new TypeError('fetch failed', { cause: Object.assign(new Error(message), { code }) })
}
