import type { Clock } from '../../core/clock.ts'
import { LlmError } from '../../core/error.ts'
import type { JsonObject } from '../../core/json.ts'
import { startSilenceTimer, type SilenceTimer } from '../../core/silence-timer.ts'
import type { GateState } from './connection-gate.ts'
import { isAlreadySeen, runIdOf } from './event-id.ts'
import { readFrame, type ChatFrame } from './frame.ts'
import type { ChatRequests, RunPosition } from './request.ts'
import {
  brokenOff,
  frameError,
  notAStream,
  responseError,
  runLost,
  serverSilent,
  unreachable,
} from './response-errors.ts'
import { createSseParser, type SseEvent } from './sse-parser.ts'

/** How an answer failed. `resumable`: the server may still hold the rest. */
export interface StreamFailure {
  readonly type: 'failed'
  readonly error: LlmError
  readonly resumable: boolean
}

/** How a connection ended. `retry`: another may succeed; without `error`, the gate closed this one. */
export type ConnectionEnd =
  | StreamFailure
  | { readonly type: 'done' }
  | { readonly type: 'retry'; readonly error?: LlmError }

/** What the client knows of the stream run that the server has for one answer. */
export interface ServerRun {
  /** Unknown until the server has named the run. */
  position: RunPosition | undefined
  /** Whether a request was sent whose outcome is unknown. */
  mayExist: boolean
}

/** Dependencies of a {@link StreamConnection}. */
export interface StreamConnectionParts {
  readonly requests: ChatRequests
  readonly clock: Clock
  readonly run: ServerRun
  readonly conversationId: string
  /** The newest run of the conversation before this answer. */
  readonly earlierRunId: string | undefined
  /** Whether the server can resume streams. */
  readonly resume: boolean
  /** Maximum silence of the server in ms; 0 for no limit. */
  readonly silenceMs: number
  readonly gate: () => GateState
  readonly body: () => JsonObject | Promise<JsonObject>
  /** Called with the id of the run, if the server names it, and that of the newest frame. */
  readonly onMove: (id: string | undefined, lastEventId?: string) => void
  readonly onConnected: () => void
  readonly onFrames: (frames: readonly ChatFrame[]) => void
}

const RETRYABLE: ReadonlySet<number> = new Set([408, 429, 502, 503, 504])

/** One connection for an answer: sends the request or resumes its run, then reads frames until the connection ends. */
export class StreamConnection {
  readonly #parts: StreamConnectionParts
  readonly #abort = new AbortController()
  readonly #silence: SilenceTimer
  #isSilent = false
  #isAccepted = false

  constructor(parts: StreamConnectionParts) {
    this.#parts = parts
    this.#silence = startSilenceTimer(parts.clock, parts.silenceMs, () => {
      this.#isSilent = true
      this.abort()
    })
  }

  /** Resolves with how the connection ended; never rejects. Call it once. */
  async drive(): Promise<ConnectionEnd> {
    try {
      return await this.#exchange()
    } catch (error) {
      return this.#lost(error)
    } finally {
      this.#silence.stop()
      this.abort()
    }
  }

  abort(): void {
    this.#abort.abort()
  }

  async #exchange(): Promise<ConnectionEnd> {
    const { requests, conversationId, earlierRunId, resume, run, body, onMove } = this.#parts
    const { signal } = this.#abort
    // A request that may have arrived is not repeated before the server has said whether it has a run for it.
    if (run.position === undefined && run.mayExist) {
      const { id, refused } = await requests.newestRun(conversationId, signal)
      if (refused !== undefined) return this.#refused(refused)
      if (id !== earlierRunId) onMove(id)
    }
    const { position } = run
    if (position !== undefined) return this.#receive(await requests.resume(position, signal))
    const content = await body()
    run.mayExist = resume
    return this.#receive(await requests.post(content, signal))
  }

  #receive(response: Response): Promise<ConnectionEnd> | ConnectionEnd {
    const { run, onMove, onConnected } = this.#parts
    const { ok, status, headers, body } = response
    if (!ok) return this.#refused(response)
    if (status === 204 && run.position !== undefined) return this.#failed(runLost(), false)
    const type = headers.get('content-type') ?? ''
    if (body === null || !type.startsWith('text/event-stream'))
      return this.#failed(notAStream(status, type), false)
    this.#isAccepted = true
    if (run.position === undefined) onMove(headers.get('x-stream-id') ?? undefined)
    onConnected()
    return this.#read(body)
  }

  async #refused(response: Response): Promise<ConnectionEnd> {
    const { status } = response
    const { run, clock } = this.#parts
    const isResume = run.position !== undefined
    const error = await responseError(response, clock.epochMs())
    if (isResume && status === 404) return this.#failed(runLost(), false)
    // A gateway may have passed the request on before it answered with one of these.
    if (![408, 502, 504].includes(status)) run.mayExist = false
    const isRetryable = RETRYABLE.has(status) || (isResume && status >= 500)
    if (isRetryable && error.code !== 'final') return { type: 'retry', error }
    return this.#failed(error, true)
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<ConnectionEnd> {
    const { signal } = this.#abort
    const reader = body.getReader()
    const cancel = (): void => void reader.cancel().catch(() => undefined)
    // Cancelled here too, because a custom `fetch` may ignore the signal.
    signal.addEventListener('abort', cancel)
    const decoder = new TextDecoder()
    const parser = createSseParser()
    try {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) break
        this.#silence.heard()
        const end = this.#take(parser.feed(decoder.decode(value, { stream: true })))
        if (end !== undefined) return end
      }
    } finally {
      signal.removeEventListener('abort', cancel)
      cancel()
    }
    return this.#lost(undefined)
  }

  #take(events: readonly SseEvent[]): ConnectionEnd | undefined {
    const { run, onMove, onFrames } = this.#parts
    const frames: ChatFrame[] = []
    let end: ConnectionEnd | undefined
    for (const event of events) {
      const frame = readFrame(event)
      end = this.#endOf(frame)
      // The frame that ends a stream does not move the position, because the rest may be read from there later.
      if (end === undefined && event.id !== '') {
        if (isAlreadySeen(event.id, run.position?.lastEventId)) continue
        onMove(run.position?.id ?? runIdOf(event.id), event.id)
      }
      if (frame.type !== 'end') frames.push(frame)
      if (end !== undefined) break
    }
    if (frames.length > 0) onFrames(frames)
    return end
  }

  #endOf(frame: ChatFrame): ConnectionEnd | undefined {
    if (frame.type === 'done' || frame.type === 'end') return { type: 'done' }
    if (frame.type !== 'error') return undefined
    const error = frameError(frame.error)
    // The access of this connection expired, or the server cannot read the run now: the run itself may go on.
    return this.#failed(error, error.kind === 'unauthorized' || error.code === 'stream-log-down')
  }

  #lost(error: unknown): ConnectionEnd {
    const { run, gate } = this.#parts
    if (LlmError.is(error)) return this.#failed(error, false)
    if (this.#isAccepted && run.position === undefined) return this.#failed(brokenOff(), false)
    if (gate() !== 'open') return { type: 'retry' }
    return { type: 'retry', error: this.#isSilent ? serverSilent() : unreachable(error) }
  }

  #failed(error: LlmError, resumable: boolean): StreamFailure {
    return { type: 'failed', error, resumable: resumable && mayResume(this.#parts.run) }
  }
}

/** Whether the server may still hold the rest of the answer. */
export function mayResume({ position, mayExist }: ServerRun): boolean {
  return position !== undefined || mayExist
}
