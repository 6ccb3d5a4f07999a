/** An HTTP request as a dialect and a provider made it. */
export interface HttpRequest {
  readonly url: string
  readonly method: 'POST' | 'GET'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
}

/** Bytes as they arrive: one piece per network read. */
export interface ByteSource {
  /** The next piece; `null` at the end. Rejects when the connection breaks. */
  read(): Promise<Uint8Array | null>
  /** Closes the connection; a waiting `read` ends. May be called at any time, and more than once. */
  cancel(): void
}

/** The answer's head, and its body as a source. */
export interface HttpResponse {
  readonly status: number
  /** A header by its lower-case name. */
  header(name: string): string | undefined
  readonly body: ByteSource
}

export interface TransportOptions {
  /** Ends the exchange: a pending `send` rejects, the connection closes. */
  readonly signal: AbortSignal
  /** Longest wait for the connection alone. Rejects with a `timeout` of phase `connect`. */
  readonly connectMs?: number | undefined
}

/** Carries wire requests. Knows nothing of models. Rejects with `network`, or with the signal's reason. */
export interface Transport {
  send(request: HttpRequest, options: TransportOptions): Promise<HttpResponse>
  /** Releases pooled connections. */
  close?(): Promise<void>
}

/** How a stream is cut into frames. */
export type Framing = 'sse' | 'ndjson' | 'aws-event-stream'

/** One frame of a stream: its name, if it has one, and its text. */
export interface Frame {
  readonly event?: string | undefined
  readonly data: string
}

/** Cuts bytes into frames. One per stream; pieces may end anywhere, inside a character too. */
export interface FrameDecoder {
  /** Adds the frames that `piece` completes to `out`. Throws `reply-malformed` when a frame passes the size bound. */
  push(piece: Uint8Array, out: Frame[]): void
  /** Adds what is left at the end of the stream. */
  end(out: Frame[]): void
}
