import type { PageVisibility } from '../../../src/delivery/client/index.ts'

/** One request as the client sent it. */
export interface Sent {
  readonly method: string
  readonly path: string
  readonly body: Record<string, unknown>
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal | undefined
}

type Answer = Response | Error | ((sent: Sent) => Response | Promise<Response>)

/** A `fetch` whose answers are written down beforehand; without one left the server is down. */
export interface ScriptedFetch {
  readonly fetch: typeof fetch
  readonly sent: Sent[]
  /** Appends answers. */
  answer(...answers: readonly Answer[]): void
  /** What was asked, as `POST /chat`. */
  readonly asked: string[]
}

export function scriptedFetch(...given: readonly Answer[]): ScriptedFetch {
  const answers = [...given]
  const sent: Sent[] = []
  const own: typeof fetch = async (input, init = {}) => {
    const request: Sent = {
      method: init.method ?? 'GET',
      path: new URL(input instanceof Request ? input.url : input).pathname,
      body: JSON.parse(typeof init.body === 'string' ? init.body : '{}') as Record<string, unknown>,
      headers: init.headers as Record<string, string>,
      signal: init.signal ?? undefined,
    }
    sent.push(request)
    const next = answers.shift() ?? new TypeError('fetch failed')
    if (next instanceof Error) throw next
    if (next instanceof Response) return next
    return orAborted(Promise.resolve(next(request)), request.signal)
  }
  return {
    fetch: own,
    sent,
    answer: (...more) => void answers.push(...more),
    get asked() {
      return sent.map(({ method, path }) => `${method} ${path}`)
    },
  }
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error))
    work.then(resolve, reject)
  })
}

/** An answer whose body the test writes. */
export interface LiveBody {
  /** For `answer()`. It breaks off when the client aborts. */
  readonly respond: (sent: Sent) => Response
  write(text: string | Uint8Array): void
  end(): void
  /** The connection is lost. */
  cut(): void
  readonly cancelled: boolean
}

export function liveBody(headers: Readonly<Record<string, string>> = {}): LiveBody {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  let over = false
  let cancelled = false
  const utf8 = new TextEncoder()
  const finish = (how: () => void): void => {
    if (!over) how()
    over = true
  }
  const body = new ReadableStream<Uint8Array>({
    start: (own) => void (controller = own),
    cancel: () => {
      cancelled = true
      over = true
    },
  })
  const cut = (): void => finish(() => controller?.error(new TypeError('terminated')))
  return {
    respond: ({ signal }) => {
      signal?.addEventListener('abort', () => {
        cancelled = true
        cut()
      })
      return new Response(body, { headers: { ...STREAM, ...headers } })
    },
    write: (text) => {
      if (!over) controller?.enqueue(typeof text === 'string' ? utf8.encode(text) : text)
    },
    end: () => finish(() => controller?.close()),
    cut,
    get cancelled() {
      return cancelled
    },
  }
}

const STREAM = { 'content-type': 'text/event-stream; charset=utf-8' }

/** A whole stream that is there at once. */
export function streamOf(text: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(text, { headers: { ...STREAM, ...headers } })
}

export const usage = { inputTokens: 3, outputTokens: 5, totalTokens: 8 }

/** Frames of the run `r`, numbered as the chat handler does. */
export function content(text: string, position: string): string {
  return `id: r:${position}\ndata: ${JSON.stringify({ type: 'content', content: text })}\n\n`
}
export function frame(value: object, position?: string): string {
  return `${position === undefined ? '' : `id: r:${position}\n`}data: ${JSON.stringify(value)}\n\n`
}
export const DONE: string = `${frame({ type: 'done', finishReason: 'stop', usage }, '9.1')}id: r:end\ndata: [DONE]\n\n`

/** A page that the test takes off the net, hides and shows. */
export interface TestPage extends PageVisibility {
  set(change: { readonly online?: boolean; readonly visible?: boolean }): void
  /** Listeners that are still there. */
  readonly watchers: number
}

export function testPage(): TestPage {
  const listeners = new Set<() => void>()
  let online = true
  let visible = true
  return {
    isOnline: () => online,
    isVisible: () => visible,
    watch: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    set: (change) => {
      online = change.online ?? online
      visible = change.visible ?? visible
      for (const listener of listeners) listener()
    },
    get watchers() {
      return listeners.size
    },
  }
}

/** Lets every promise that can go on go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}
