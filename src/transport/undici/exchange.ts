import type { Dispatcher } from 'undici'
import type { ByteSource, HttpResponse } from '../../core/wire.ts'
import { connectTimeout, transportError } from '../failure.ts'

/** Bytes that may wait for a reader before the socket is paused. */
const HIGH_WATER_BYTES = 64 * 1024

interface ExchangeOptions {
  readonly url: string
  readonly signal: AbortSignal
  readonly connectMs: number | undefined
}
/** Who waits for the head of the answer. */
interface Asker {
  resolve(reply: HttpResponse): void
  reject(error: unknown): void
}
type Headers = Record<string, string | string[] | undefined>

/** One request on `dispatch()`: the handler of its callbacks, and the source of its body. */
export class Exchange implements Dispatcher.DispatchHandler, ByteSource {
  readonly #options: ExchangeOptions
  #controller: Dispatcher.DispatchController | undefined
  readonly #timer: ReturnType<typeof setTimeout> | undefined
  #pieces: Uint8Array[] = []
  #held = 0
  #ended = false
  #error: unknown
  #waiting: { resolve(piece: Uint8Array | null): void; reject(error: unknown): void } | undefined
  readonly #onAbort = (): void => this.#stop(this.#options.signal.reason)

  // Let go once answered: it holds the head, and a stream may stay open for long.
  #asker: Asker | undefined

  constructor(options: ExchangeOptions, asker: Asker) {
    this.#options = options
    this.#asker = asker
    options.signal.addEventListener('abort', this.#onAbort, { once: true })
    const { connectMs, url } = options
    if (connectMs !== undefined && connectMs > 0) {
      this.#timer = setTimeout(() => this.#stop(connectTimeout(url, connectMs)), connectMs)
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    clearTimeout(this.#timer)
    this.#controller = controller
    if (this.#error !== undefined) controller.abort(this.#abortError())
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    const header = (name: string): string | undefined => {
      const value = headers[name]
      return Array.isArray(value) ? value.join(', ') : value
    }
    this.#asker?.resolve({ status, header, body: this })
    this.#asker = undefined
  }

  onResponseData(controller: Dispatcher.DispatchController, piece: Uint8Array): void {
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

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#fail(this.#error ?? transportError(error, this.#options.url))
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

  // All that waits as one piece: a slow reader gets one batch, not a hundred.
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
    this.#asker?.reject(this.#error)
    this.#asker = undefined
    this.#waiting?.reject(this.#error)
    this.#waiting = undefined
  }

  #settle(): void {
    clearTimeout(this.#timer)
    this.#options.signal.removeEventListener('abort', this.#onAbort)
  }

  #abortError(): Error {
    return new Error('aborted')
  }
}
