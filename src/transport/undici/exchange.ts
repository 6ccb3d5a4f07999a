import { systemClock, type Timer } from '../../core/clock.ts'
import type { ByteSource, HttpResponse } from '../../core/wire.ts'
import { transportError } from '../explain-failure.ts'
import { connectTimeout } from '../failure.ts'
import { decodedBody } from './content-coding.ts'
import { isStale, type Connected, type ReuseWatch } from './reuse.ts'
import type { DispatchController, DispatchHandler, DispatchHeaders } from './dispatcher.ts'

/** Maximum number of bytes that wait for a reader before the socket is paused. */
const HIGH_WATER_BYTES = 64 * 1024

interface ExchangeOptions {
  readonly url: string
  readonly signal: AbortSignal
  readonly connectMs: number | undefined
  readonly reuse: ReuseWatch
}
/** The promise of the response's head. */
interface PendingHead {
  resolve(reply: HttpResponse): void
  /** `isStale`: the connection was kept from an earlier request, and the server had closed it. */
  reject(error: unknown, isStale?: boolean): void
}

/** One request on `dispatch()`: handles its callbacks, and is the source of its response body. */
export class Exchange implements DispatchHandler, ByteSource {
  readonly #options: ExchangeOptions
  #controller: DispatchController | undefined
  #connected: Connected | undefined
  readonly #timer: Timer | undefined
  #pieces: Uint8Array[] = []
  #held = 0
  #ended = false
  #error: unknown
  #waiting: { resolve(piece: Uint8Array | null): void; reject(error: unknown): void } | undefined
  readonly #onAbort = (): void => this.#stop(this.#options.signal.reason)

  // Released once settled, because it keeps the head in memory while the stream is open.
  #pending: PendingHead | undefined

  constructor(options: ExchangeOptions, pending: PendingHead) {
    this.#options = options
    this.#pending = pending
    options.signal.addEventListener('abort', this.#onAbort, { once: true })
    const { connectMs, url } = options
    if (connectMs !== undefined && connectMs > 0) {
      this.#timer = systemClock.setTimer(() => this.#stop(connectTimeout(url, connectMs)), connectMs)
    }
  }

  onRequestStart(controller: DispatchController): void {
    systemClock.clearTimer(this.#timer)
    this.#controller = controller
    this.#connected = this.#options.reuse.start()
    if (this.#error !== undefined) controller.abort(this.#abortError())
  }

  onResponseStart(_controller: DispatchController, status: number, headers: DispatchHeaders): void {
    const header = (name: string): string | undefined => {
      const value = headers[name]
      return Array.isArray(value) ? value.join(', ') : value
    }
    const pending = this.#pending
    const all = (): Record<string, string> =>
      Object.fromEntries(Object.keys(headers).map((name) => [name, header(name) ?? '']))
    this.#pending = undefined
    try {
      const codings = header('content-encoding')
      const body = codings === undefined ? this : decodedBody(this, codings, this.#options.url)
      pending?.resolve({ status, header, headers: all, body })
    } catch (error) {
      pending?.reject(error)
    }
  }

  onResponseData(controller: DispatchController, piece: Uint8Array): void {
    const waiting = this.#waiting
    if (waiting !== undefined) {
      this.#waiting = undefined
      waiting.resolve(piece)
      return
    }
    this.#pieces.push(piece)
    this.#held += piece.length
    if (this.#held > HIGH_WATER_BYTES) controller.pause()
  }

  onResponseEnd(): void {
    this.#ended = true
    this.#settle()
    this.#waiting?.resolve(null)
    this.#waiting = undefined
  }

  onResponseError(_controller: DispatchController | undefined, error: Error): void {
    const pending = this.#pending
    const connected = this.#connected
    if (
      pending !== undefined &&
      this.#error === undefined &&
      connected !== undefined &&
      isStale(connected, error)
    ) {
      this.#pending = undefined
      this.#settle()
      return pending.reject(error, true)
    }
    this.#fail(this.#error ?? transportError(error, this.#options.url, this.#pending === undefined))
  }

  read(): Promise<Uint8Array | null> {
    const piece = this.#take()
    if (piece !== undefined) return Promise.resolve(piece)
    if (this.#error !== undefined) return Promise.reject(this.#error)
    if (this.#ended) return Promise.resolve(null)
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  cancel(): void {
    if (this.#ended || this.#error !== undefined) return
    this.#ended = true
    this.#settle()
    this.#waiting?.resolve(null)
    this.#waiting = undefined
    this.#controller?.abort(this.#abortError())
  }

  // Joins all waiting pieces, so that a slow reader gets one batch instead of a hundred.
  #take(): Uint8Array | undefined {
    const pieces = this.#pieces
    if (pieces.length === 0) return undefined
    const piece = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces, this.#held)
    this.#pieces = []
    this.#held = 0
    if (this.#controller?.paused === true) this.#controller.resume()
    return piece
  }

  #stop(reason: unknown): void {
    this.#fail(reason)
    this.#controller?.abort(this.#abortError())
  }

  #fail(error: unknown): void {
    if (this.#ended) return
    this.#error ??= error
    this.#settle()
    this.#pending?.reject(this.#error)
    this.#pending = undefined
    this.#waiting?.reject(this.#error)
    this.#waiting = undefined
  }

  #settle(): void {
    systemClock.clearTimer(this.#timer)
    this.#options.signal.removeEventListener('abort', this.#onAbort)
  }

  #abortError(): Error {
    return new Error('aborted')
  }
}
