import type { Clock } from '../core/clock.ts'
import type { JsonValue } from '../core/json.ts'
import type { FakeRequest } from './request.ts'

/** A request that the fake received, with its outcome. Times are ms of the fake's clock (`clock.now()`). */
export interface FakeRequestLog {
  readonly method: string
  /** Path with query. */
  readonly path: string
  /** Headers by lower-case name, API key included. */
  readonly headers: Readonly<Record<string, string>>
  /** The parsed body, or its text if it is not JSON. */
  readonly body: JsonValue | undefined
  /** The request in neutral form, once accepted. */
  readonly request: FakeRequest | undefined
  /** Why the request was rejected, if it was. */
  readonly refused: string | undefined
  /** Status of the response, once its headers were sent. */
  readonly status: number | undefined
  readonly startedAt: number
  /** When the response was complete, or the fake cut it. */
  readonly finishedAt: number | undefined
  /** When the client disconnected before the response was complete. */
  readonly abortedAt: number | undefined
  /** Bytes of the response body sent so far. */
  readonly bytesSent: number
  /** Resolves when the exchange ends, complete or not. */
  readonly closed: Promise<void>
}

/** Writes the entry of one request. */
export interface Recorder {
  readonly entry: FakeRequestLog
  accepted(request: FakeRequest): void
  refused(message: string): void
  head(status: number): void
  sent(bytes: number): void
  /** Ends the exchange. Idempotent: only the first call has an effect. */
  close(how: 'finished' | 'aborted'): void
}

export type RequestLine = Pick<FakeRequestLog, 'method' | 'path' | 'headers' | 'body'>

/** Adds an entry to `log` and returns its recorder. */
export function record(log: FakeRequestLog[], line: RequestLine, clock: Clock): Recorder {
  const { promise, resolve } = Promise.withResolvers<void>()
  const entry: Draft = {
    ...line,
    request: undefined,
    refused: undefined,
    status: undefined,
    startedAt: clock.now(),
    finishedAt: undefined,
    abortedAt: undefined,
    bytesSent: 0,
    closed: promise,
  }
  log.push(entry)
  return {
    entry,
    accepted: (request) => (entry.request = request),
    refused: (message) => (entry.refused = message),
    head: (status) => (entry.status = status),
    sent: (bytes) => (entry.bytesSent += bytes),
    close: (how) => {
      if (entry.finishedAt !== undefined || entry.abortedAt !== undefined) return
      entry[how === 'finished' ? 'finishedAt' : 'abortedAt'] = clock.now()
      resolve()
    },
  }
}

type Draft = { -readonly [K in keyof FakeRequestLog]: FakeRequestLog[K] }
