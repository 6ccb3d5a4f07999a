import type { Clock } from '../core/clock.ts'
import type { JsonValue } from '../core/json.ts'
import type { FakeRequest } from './request.ts'

/** One request that the fake got, and what became of it. Times are milliseconds on the fake's clock (`clock.now()`). */
export interface FakeRequestLog {
  readonly method: string
  /** With query. */
  readonly path: string
  /** By lower-case name; the API key is in there. */
  readonly headers: Readonly<Record<string, string>>
  /** The parsed body; its text where it is no JSON. */
  readonly body: JsonValue | undefined
  /** The request in neutral words, once it was accepted. */
  readonly request: FakeRequest | undefined
  /** Why the request was refused, if it was. */
  readonly refused: string | undefined
  /** Status of the answer, once its head was sent. */
  readonly status: number | undefined
  readonly startedAt: number
  /** When the answer was complete, or the fake broke it off. */
  readonly finishedAt: number | undefined
  /** When the client went away before the answer was complete. */
  readonly abortedAt: number | undefined
  /** Bytes of the answer's body that were sent so far. */
  readonly bytesSent: number
  /** Resolves when the exchange is over, one way or the other. */
  readonly closed: Promise<void>
}

/** The writing side of an entry. */
export interface Recorder {
  readonly entry: FakeRequestLog
  accepted(request: FakeRequest): void
  refused(message: string): void
  head(status: number): void
  sent(bytes: number): void
  /** The exchange is over. Only the first call counts. */
  close(how: 'finished' | 'aborted'): void
}

export type RequestLine = Pick<FakeRequestLog, 'method' | 'path' | 'headers' | 'body'>

/** Adds an entry to `log`. */
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
