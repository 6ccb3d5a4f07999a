import type { Clock, Timer } from '../../core/clock.ts'
import type { LlmError } from '../../core/error.ts'
import type { JsonObject } from '../../core/json.ts'
import type { GateState } from './connection-gate.ts'
import type { ChatFrame } from './frame.ts'
import type { ResumeLimits } from './options.ts'
import { ReconnectPolicy } from './reconnect-policy.ts'
import type { ChatRequests, RunPosition } from './request.ts'
import type { ChatConnection } from './state.ts'
import { mayResume, StreamConnection, type ServerRun, type StreamFailure } from './stream-connection.ts'

/** How an answer ended. `stopped`: by `stop` or `abandon`. */
export type ResumableStreamEnd = { readonly type: 'done' | 'stopped' } | StreamFailure

/** Dependencies of a {@link ResumableStream}. */
export interface ResumableStreamParts {
  readonly requests: ChatRequests
  readonly clock: Clock
  readonly limits: ResumeLimits
  readonly conversationId: string
  /** Whether the server can resume and cancel streams. */
  readonly resume: boolean
  /** The newest run of the conversation before this answer. */
  readonly earlierRunId: string | undefined
  readonly gate: () => GateState
  /** Called for the body of each request for an answer. */
  readonly body: () => JsonObject | Promise<JsonObject>
  readonly onFrames: (frames: readonly ChatFrame[]) => void
  readonly onRun: (run: RunPosition) => void
  readonly onConnection: (connection: ChatConnection) => void
}

/**
 * Receives one answer over as many connections as it takes, each frame once. A request that may have reached the server
 * is not repeated before the server has said whether it has a run for it.
 */
export class ResumableStream {
  readonly #parts: ResumableStreamParts
  readonly #run: ServerRun
  readonly #reconnect: ReconnectPolicy
  #connection: StreamConnection | undefined
  #isStopping = false
  #isAbandoned = false
  #isServerDelay = false
  #wake: (() => void) | undefined
  #stopTimer: Timer | undefined

  constructor(
    parts: ResumableStreamParts,
    from: { readonly run?: RunPosition | undefined; readonly sent: boolean },
  ) {
    this.#parts = parts
    this.#run = { position: from.run, mayExist: from.sent }
    this.#reconnect = new ReconnectPolicy(parts.limits)
  }

  /** Resolves with how the answer ended; never rejects. Call it once. */
  async drive(): Promise<ResumableStreamEnd> {
    let end: ResumableStreamEnd | undefined
    while (end === undefined) {
      await this.#untilOpen()
      end = this.#requestedEnd() ?? (await this.#connect())
    }
    this.#parts.clock.clearTimer(this.#stopTimer)
    return end
  }

  /**
   * Stops the answer on the server. The server then ends the stream itself, so that the last text and the usage arrive over
   * the open connection; after `stopWaitMs` the client closes it.
   */
  stop(): void {
    if (this.#isStopping || this.#isAbandoned) return
    this.#isStopping = true
    const { resume, clock, limits } = this.#parts
    if (this.#connection === undefined) this.#cancelRun()
    else if (!resume) this.#disconnect()
    else {
      this.#stopTimer = clock.setTimer(() => {
        if (this.#run.position === undefined) this.#cancelRun()
        this.#disconnect()
      }, limits.stopWaitMs)
      if (this.#run.position !== undefined) this.#cancelRun()
    }
    this.#wake?.()
  }

  /** Closes the connection; the server is not stopped. */
  abandon(): void {
    this.#isAbandoned = true
    this.#disconnect()
    this.#wake?.()
  }

  /** Applies a change of the gate. `isBack`: reconnect at once, unless the server asked for the delay. */
  onGateChange(isBack: boolean): void {
    const gate = this.#parts.gate()
    if (gate === 'paused') this.#disconnect()
    const isWaiting = this.#connection === undefined && !this.#isServerDelay
    if (gate === 'open' && isBack && isWaiting) this.#wake?.()
  }

  readonly #disconnect = (): void => {
    this.#connection?.abort()
  }

  /** Cancels the run on the server, by its id or that of the conversation. Disconnects if the server does not know it. */
  #cancelRun(): void {
    const { requests, conversationId, resume } = this.#parts
    const id = this.#run.position?.id ?? (this.#run.mayExist ? conversationId : undefined)
    if (id === undefined || !resume) return
    requests.cancel(id).then((isKnown) => isKnown || this.#disconnect(), this.#disconnect)
  }

  readonly #move = (id: string | undefined, lastEventId?: string): void => {
    if (!this.#parts.resume || id === undefined) return
    const isNew = this.#run.position?.id !== id
    this.#run.position = { id, lastEventId }
    this.#parts.onRun(this.#run.position)
    if (isNew && this.#isStopping) this.#cancelRun()
  }

  #requestedEnd(): ResumableStreamEnd | undefined {
    return this.#isStopping || this.#isAbandoned ? { type: 'stopped' } : undefined
  }

  async #untilOpen(): Promise<void> {
    for (;;) {
      const gate = this.#parts.gate()
      if (gate === 'open' || this.#requestedEnd() !== undefined) return
      this.#parts.onConnection({ state: gate })
      await this.#sleep()
    }
  }

  /** Returns `undefined` if another connection is to follow. */
  async #connect(): Promise<ResumableStreamEnd | undefined> {
    const { onConnection, onFrames, limits } = this.#parts
    const connection = new StreamConnection({
      ...this.#parts,
      run: this.#run,
      silenceMs: limits.silenceMs,
      onMove: this.#move,
      onConnected: () => {
        this.#reconnect.onConnected()
        onConnection({ state: 'open' })
      },
      onFrames: (frames) => {
        this.#reconnect.onFrames()
        onFrames(frames)
      },
    })
    this.#connection = connection
    onConnection({ state: 'opening' })
    const end = await connection.drive()
    this.#connection = undefined
    if (end.type === 'done') return end
    const requested = this.#requestedEnd()
    if (requested !== undefined) return requested
    if (end.type === 'failed') return end
    return end.error && this.#waitToRetry(end.error)
  }

  async #waitToRetry(error: LlmError): Promise<ResumableStreamEnd | undefined> {
    const { clock, limits, onConnection } = this.#parts
    const delayMs = this.#reconnect.next(error)
    if (delayMs === undefined) return { type: 'failed', error, resumable: mayResume(this.#run) }
    const { attempt } = this.#reconnect
    const { kind, message, retryAfterMs = 0 } = error
    const untilMs = clock.epochMs() + delayMs
    onConnection({ state: 'waiting', attempt, of: limits.retries, untilMs, error: { kind, message } })
    this.#isServerDelay = retryAfterMs > 0
    await this.#sleep(delayMs)
    this.#isServerDelay = false
    return this.#requestedEnd()
  }

  /** Waits for a call of `#wake`, at most `maxMs`. */
  async #sleep(maxMs?: number): Promise<void> {
    const { clock } = this.#parts
    let timer: Timer | undefined
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      if (maxMs !== undefined) timer = clock.setTimer(resolve, maxMs)
    })
    clock.clearTimer(timer)
    this.#wake = undefined
  }
}
