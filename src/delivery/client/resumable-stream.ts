import type { Clock, Timer } from '../../core/clock.ts'
import { LlmError } from '../../core/error.ts'
import type { JsonObject } from '../../core/json.ts'
import { readFrame, type ChatFrame } from './frame.ts'
import { frameError, responseError, runLost, unreachable } from './response-errors.ts'
import { isAlreadySeen, runIdOf } from './event-id.ts'
import type { ChatRequests, RunPosition } from './request.ts'
import { createSseParser, type SseEvent } from './sse-parser.ts'
import type { ChatConnection } from './state.ts'

/** How an answer ended. `resumable`: the server may still hold the rest. `left`: nobody wants to know any more. */
export type ResumableStreamEnd =
  | { readonly type: 'done' | 'stopped' | 'left' }
  | { readonly type: 'failed'; readonly error: LlmError; readonly resumable: boolean }

type Step =
  | ResumableStreamEnd
  | { readonly type: 'again'; readonly error: LlmError }
  | { readonly type: 'interrupted' }

/** Limits and waits of an answer, all in milliseconds but `retries`. */
export interface ResumeLimits {
  readonly retries: number
  readonly stepMs: number
  readonly maxRetryAfterMs: number
  readonly silenceMs: number
  readonly stopWaitMs: number
}

/** What an answer works with. */
export interface ResumableStreamParts {
  readonly requests: ChatRequests
  readonly clock: Clock
  readonly limits: ResumeLimits
  readonly conversationId: string
  /** False: the server cannot take a stream up again, nor be told to stop. */
  readonly resume: boolean
  /** The newest stream of the conversation before this one. */
  readonly earlierRunId: string | undefined
  /** Whether a connection may be open now. */
  readonly gate: () => 'open' | 'offline' | 'paused'
  readonly body: () => JsonObject | Promise<JsonObject>
  readonly onFrames: (frames: readonly ChatFrame[]) => void
  readonly onRun: (run: RunPosition) => void
  readonly onConnection: (connection: ChatConnection) => void
}

// So often may a connection be opened without bringing anything new.
const MAX_BARREN = 10
const PASSING: ReadonlySet<number> = new Set([408, 429, 502, 503, 504])

/**
 * Gets one answer, over as many connections as it takes. A request that may have reached the server is never simply sent
 * again: the server is asked first whether its stream is there. What was read is never read twice.
 */
export class ResumableStream {
  readonly #parts: ResumableStreamParts
  #run: RunPosition | undefined
  /** A request was sent, and what became of it is unknown. */
  #mayHaveRun: boolean
  #answered = false
  #stopping = false
  #abandoned = false
  #abort: AbortController | undefined
  #silent = false
  #wake: (() => void) | undefined
  #hasPatience = false
  #failures = 0
  #barren = 0
  #heardAt = 0
  #stopTimer: Timer | undefined

  constructor(
    parts: ResumableStreamParts,
    from: { readonly run?: RunPosition | undefined; readonly sent: boolean },
  ) {
    this.#parts = parts
    this.#run = from.run
    this.#mayHaveRun = from.sent
  }

  /** Resolves with how it ended; never rejects. Call it once. */
  async drive(): Promise<ResumableStreamEnd> {
    for (;;) {
      await this.#untilOpen()
      const step = this.#over() ?? (await this.#connect())
      const over = step.type === 'done' ? step : (this.#over() ?? step)
      if (over.type === 'interrupted') continue
      const end = over.type === 'again' ? await this.#waitFor(over.error) : over
      if (end === undefined) continue
      this.#parts.clock.clearTimer(this.#stopTimer)
      return end
    }
  }

  /** Tells the server to stop, and waits a moment for its last words. */
  stop(): void {
    if (this.#stopping || this.#abandoned) return
    this.#stopping = true
    const { resume, clock, limits } = this.#parts
    if (this.#abort === undefined) this.#tellStop()
    else if (!resume) this.#abort.abort()
    else {
      this.#stopTimer = clock.setTimer(() => {
        if (this.#run === undefined) this.#tellStop()
        this.#abort?.abort()
      }, limits.stopWaitMs)
      if (this.#run !== undefined) this.#tellStop()
    }
    this.#wake?.()
  }

  /** Ends everything here; the server is told nothing. */
  abandon(): void {
    this.#abandoned = true
    this.#abort?.abort()
    this.#wake?.()
  }

  /** The gate may have changed. `hurry`: do not wait for the next try. */
  nudge(hurry: boolean): void {
    const gate = this.#parts.gate()
    if (gate === 'paused') this.#abort?.abort()
    if (gate === 'open' && this.#abort === undefined && hurry && !this.#hasPatience) this.#wake?.()
  }

  #over(): ResumableStreamEnd | undefined {
    if (this.#abandoned) return { type: 'left' }
    return this.#stopping ? { type: 'stopped' } : undefined
  }

  // The last words then come through the open connection. One that cannot be told is left.
  #tellStop(): void {
    const { requests, conversationId, resume } = this.#parts
    const id = this.#run?.id ?? (this.#mayHaveRun ? conversationId : undefined)
    if (id === undefined || !resume) return
    const abandon = (): void => this.#abort?.abort()
    requests.cancel(id).then((known) => known || abandon(), abandon)
  }

  async #untilOpen(): Promise<void> {
    for (;;) {
      const gate = this.#parts.gate()
      if (gate === 'open' || this.#over() !== undefined) return
      this.#parts.onConnection({ state: gate })
      await new Promise<void>((resolve) => (this.#wake = resolve))
      this.#wake = undefined
    }
  }

  /** Waits for the next try, or says that there is none. */
  async #waitFor(error: LlmError): Promise<ResumableStreamEnd | undefined> {
    const { clock, limits, onConnection } = this.#parts
    const { retries, stepMs, maxRetryAfterMs } = limits
    const asked = error.retryAfterMs ?? 0
    if (this.#failures >= retries || asked > maxRetryAfterMs || this.#barren > MAX_BARREN)
      return this.#failed(error, true)
    const attempt = ++this.#failures
    const delayMs = Math.max(stepMs * attempt, asked)
    const { kind, message } = error
    const untilMs = clock.epochMs() + delayMs
    onConnection({ state: 'waiting', attempt, of: retries, untilMs, error: { kind, message } })
    // Who asks for a time gets it.
    this.#hasPatience = asked > 0
    let timer: Timer | undefined
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      timer = clock.setTimer(resolve, delayMs)
    })
    clock.clearTimer(timer)
    this.#wake = undefined
    this.#hasPatience = false
    return this.#over()
  }

  async #connect(): Promise<Step> {
    const abort = (this.#abort = new AbortController())
    this.#parts.onConnection({ state: 'opening' })
    const endWatch = this.#watchSilence(abort)
    try {
      return await this.#exchange(abort.signal)
    } catch (error) {
      return this.#broken(error)
    } finally {
      endWatch()
      this.#abort = undefined
      abort.abort()
    }
  }

  #broken(error: unknown): Step {
    const gate = this.#parts.gate()
    if (LlmError.is(error)) return this.#failed(error, false)
    if (this.#answered && this.#run === undefined) return this.#failed(halfAnswer(), false)
    if (gate !== 'open') return { type: 'interrupted' }
    return { type: 'again', error: this.#silent ? fellSilent() : unreachable(error, true) }
  }

  #failed(error: LlmError, resumable: boolean): ResumableStreamEnd {
    return { type: 'failed', error, resumable: resumable && (this.#run !== undefined || this.#mayHaveRun) }
  }

  async #exchange(signal: AbortSignal): Promise<Step> {
    const { requests, conversationId, earlierRunId, resume } = this.#parts
    if (this.#run === undefined && this.#mayHaveRun) {
      const { id, refused } = await requests.newestRun(conversationId, signal)
      if (refused !== undefined) return this.#refused(refused)
      if (id !== undefined && id !== earlierRunId) this.#move(id)
    }
    const run = this.#run
    const body = run === undefined ? await this.#parts.body() : undefined
    if (body !== undefined) this.#mayHaveRun = resume
    const response =
      body === undefined && run !== undefined
        ? await requests.resume(run, signal)
        : await requests.post(body ?? {}, signal)
    if (!response.ok) return this.#refused(response)
    if (response.status === 204 && run !== undefined) return this.#failed(runLost(), false)
    const type = response.headers.get('content-type') ?? ''
    if (response.body === null || !type.startsWith('text/event-stream'))
      return this.#failed(noStream(response.status, type), false)
    this.#opened(response)
    return this.#read(response.body, signal)
  }

  async #refused(response: Response): Promise<Step> {
    const { status } = response
    const run = this.#run
    const error = await responseError(response, this.#parts.clock.epochMs())
    if (run !== undefined && status === 404) return this.#failed(runLost(), false)
    // A gateway between may have passed the request on before it gave up.
    if (![408, 502, 504].includes(status)) this.#mayHaveRun = false
    const isPassing = PASSING.has(status) || (run !== undefined && status >= 500)
    if (isPassing && error.code !== 'final') return { type: 'again', error }
    return this.#failed(error, true)
  }

  #opened(response: Response): void {
    this.#answered = true
    this.#failures = 0
    this.#barren++
    if (this.#run === undefined) this.#move(response.headers.get('x-stream-id') ?? undefined)
    this.#parts.onConnection({ state: 'open' })
  }

  async #read(body: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<Step> {
    const reader = body.getReader()
    const leave = (): void => void reader.cancel().catch(() => undefined)
    // Also where the page's own `fetch` does not hear the signal.
    signal.addEventListener('abort', leave)
    const decoder = new TextDecoder()
    const parser = createSseParser()
    try {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) break
        this.#heardAt = this.#parts.clock.now()
        const end = this.#take(parser.feed(decoder.decode(value, { stream: true })))
        if (end !== undefined) return end
      }
    } finally {
      signal.removeEventListener('abort', leave)
      leave()
    }
    return this.#broken(undefined)
  }

  #take(events: readonly SseEvent[]): ResumableStreamEnd | undefined {
    const frames: ChatFrame[] = []
    let end: ResumableStreamEnd | undefined
    for (const event of events) {
      const frame = readFrame(event)
      end = this.#endBy(frame)
      // A position is only ever that of content: who ends here may ask for the rest elsewhere.
      if (end === undefined && event.id !== '') {
        if (isAlreadySeen(event.id, this.#run?.lastEventId)) continue
        this.#move(this.#run?.id ?? runIdOf(event.id), event.id)
      }
      if (frame.type !== 'end') frames.push(frame)
      if (end !== undefined) break
    }
    if (frames.length > 0) {
      this.#barren = 0
      this.#parts.onFrames(frames)
    }
    return end
  }

  #endBy(frame: ChatFrame): ResumableStreamEnd | undefined {
    if (frame.type === 'done' || frame.type === 'end') return { type: 'done' }
    if (frame.type !== 'error') return undefined
    if (this.#stopping) return { type: 'stopped' }
    const error = frameError(frame.error)
    // The connection was ended, not the stream: its access ran out.
    return this.#failed(error, error.kind === 'unauthorized')
  }

  #move(id: string | undefined, lastEventId?: string): void {
    if (!this.#parts.resume || id === undefined) return
    const isNew = this.#run?.id !== id
    this.#run = { id, lastEventId }
    this.#parts.onRun(this.#run)
    if (isNew && this.#stopping) this.#tellStop()
  }

  // Checked once per period, not moved for every read.
  #watchSilence(abort: AbortController): () => void {
    const { clock, limits } = this.#parts
    const { silenceMs } = limits
    this.#silent = false
    this.#heardAt = clock.now()
    if (silenceMs <= 0) return () => undefined
    let timer: Timer
    const check = (): void => {
      const leftMs = this.#heardAt + silenceMs - clock.now()
      if (leftMs > 0) timer = clock.setTimer(check, leftMs)
      else {
        this.#silent = true
        abort.abort()
      }
    }
    timer = clock.setTimer(check, silenceMs)
    return () => clock.clearTimer(timer)
  }
}

function halfAnswer(): LlmError {
  return new LlmError('stream-broken', 'The connection broke off in the middle of the answer. Try again.')
}

function fellSilent(): LlmError {
  return new LlmError('timeout', 'The server fell silent. Check the connection, then try again.')
}

function noStream(status: number, type: string): LlmError {
  const what = type === '' ? 'nothing' : type
  const message = `The server answered ${status} with ${what} in place of an event stream. Check the url of the chat.`
  return new LlmError('reply-malformed', message, { status })
}
