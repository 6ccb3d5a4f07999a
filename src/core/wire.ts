/** An HTTP request to a provider. */
export interface HttpRequest {
  readonly url: string
  readonly method: 'POST' | 'GET'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
}

/** A stream of bytes, one piece per network read. */
export interface ByteSource {
  /** Resolves to the next piece, `null` at the end. Rejects if the connection breaks. */
  read(): Promise<Uint8Array | null>
  /** Closes the connection and ends a pending `read`. Idempotent. */
  cancel(): void
}

/** Status, headers and body of an HTTP response. */
export interface HttpResponse {
  readonly status: number
  /** The value of a header by its lower-case name. */
  header(name: string): string | undefined
  /** All headers by lower-case name. Absent: a transport that gives single ones only. */
  headers?(): Readonly<Record<string, string>>
  readonly body: ByteSource
}

/** Options of one request. */
export interface TransportOptions {
  /** Aborts the exchange: a pending `send` rejects and the connection closes. */
  readonly signal: AbortSignal
  /** Maximum time to connect in ms, after which `send` rejects with a `timeout` of phase `connect`. */
  readonly connectMs?: number | undefined
}

/** Sends HTTP requests. `send` rejects with `network`, or with the signal's reason. */
export interface Transport {
  send(request: HttpRequest, options: TransportOptions): Promise<HttpResponse>
  /** Closes pooled connections. */
  close?(): Promise<void>
}

/** The format by which a stream is split into frames. */
export type Framing = 'sse' | 'ndjson' | 'aws-event-stream'

/** One frame of a stream: its event name, if it has one, and its data. */
export interface Frame {
  readonly event?: string | undefined
  readonly data: string
}

/** Splits bytes into frames. One per stream, because a piece may end anywhere, even inside a character. */
export interface FrameDecoder {
  /** Adds the frames that `piece` completes to `out`. Throws `reply-malformed` if a frame exceeds the maximum size. */
  push(piece: Uint8Array, out: Frame[]): void
  /** Adds the last frame at the end of the stream. */
  end(out: Frame[]): void
}
