import { scrubSecrets } from './secret.ts'
import type { Attempt, ChatResponse } from './response.ts'

/** The closed list of error kinds. */
export type ErrorKind =
  | 'rate-limited'
  | 'overloaded'
  | 'timeout'
  | 'network'
  | 'server-failed'
  | 'stream-broken'
  | 'reply-malformed'
  | 'invalid-request'
  | 'content-blocked'
  | 'aborted'
  | 'not-found'
  | 'conflict'
  | 'unauthorized'
  | 'quota-exhausted'
  | 'context-too-long'
  | 'unsupported'
  | 'breaker-open'
  | 'queue-full'
  | 'limit-exceeded'
  | 'tool-failed'
  | 'template-failed'
  | 'misconfigured'

/** What follows from a kind of error. Retry, breaker, fallback and HTTP delivery only read this table. */
export interface ErrorTraits {
  /** May the same target be tried again? */
  readonly retry: boolean
  /** Does it count against the target's breaker? Only upstream faults do, never a caller's. */
  readonly opensBreaker: boolean
  /** May another target be tried? */
  readonly fallsBack: boolean
  /** Status for a host's own HTTP answer. */
  readonly httpStatus: number
}

const traits = (retry: boolean, opensBreaker: boolean, fallsBack: boolean, httpStatus: number): ErrorTraits =>
  Object.freeze({ retry, opensBreaker, fallsBack, httpStatus })

/** Every kind of error there is, and what follows from it. */
export const errorTable: Readonly<Record<ErrorKind, ErrorTraits>> = Object.freeze({
  'rate-limited': traits(true, false, true, 429),
  overloaded: traits(true, true, true, 503),
  timeout: traits(true, true, true, 504),
  network: traits(true, true, true, 502),
  'server-failed': traits(true, true, true, 502),
  'stream-broken': traits(true, true, true, 502),
  'reply-malformed': traits(true, true, true, 502),
  'invalid-request': traits(false, false, false, 400),
  'content-blocked': traits(false, false, false, 400),
  aborted: traits(false, false, false, 499),
  'not-found': traits(false, false, true, 404),
  conflict: traits(false, false, false, 409),
  unauthorized: traits(false, false, true, 401),
  'quota-exhausted': traits(false, false, true, 402),
  'context-too-long': traits(false, false, true, 413),
  unsupported: traits(false, false, false, 400),
  'breaker-open': traits(false, false, true, 503),
  'queue-full': traits(false, false, false, 429),
  'limit-exceeded': traits(false, false, false, 429),
  'tool-failed': traits(false, false, false, 500),
  'template-failed': traits(false, false, false, 400),
  misconfigured: traits(false, false, false, 503),
})

/** Which clock ran out. */
export type TimeoutPhase = 'connect' | 'headers' | 'first-content' | 'idle' | 'total' | 'queue'

/** One thing wrong with a request: where, and what. */
export interface Issue {
  /** Dotted path: `messages.0.content`. */
  readonly path: string
  readonly message: string
  /** 413 where the only trouble is that there is too much of something. Left out: 400. */
  readonly status?: 413 | undefined
}

/** What an {@link LlmError} knows besides its kind and message. */
export interface ErrorDetails {
  readonly provider?: string | undefined
  readonly model?: string | undefined
  /** HTTP status of the provider's answer. */
  readonly status?: number | undefined
  /** The provider's own error code or type. */
  readonly code?: string | undefined
  readonly requestId?: string | undefined
  /** How long the provider, or a limiter, asks to wait, in milliseconds. */
  readonly retryAfterMs?: number | undefined
  readonly attempts?: readonly Attempt[] | undefined
  readonly cause?: unknown
  /** The answer so far, where a stream had begun. */
  readonly partial?: ChatResponse | undefined
  /** Which clock ran out (`timeout`). */
  readonly phase?: TimeoutPhase | undefined
  /** Which layer refused (`limit-exceeded`). */
  readonly scope?: string | undefined
  /** How many calls were waiting (`queue-full`). */
  readonly pending?: number | undefined
  readonly issues?: readonly Issue[] | undefined
}

// Shared by every copy of this package in a process, so that `LlmError.is` works across duplicate installs.
const BRAND: unique symbol = Symbol.for('llm-switchyard.error') as never

/** The one error class. `kind` says what happened, `message` what, where and what to do; neither holds a secret. */
export class LlmError extends Error implements ErrorDetails {
  readonly kind: ErrorKind
  readonly provider?: string | undefined
  readonly model?: string | undefined
  readonly status?: number | undefined
  readonly code?: string | undefined
  readonly requestId?: string | undefined
  readonly retryAfterMs?: number | undefined
  readonly attempts?: readonly Attempt[] | undefined
  readonly partial?: ChatResponse | undefined
  readonly phase?: TimeoutPhase | undefined
  readonly scope?: string | undefined
  readonly pending?: number | undefined
  readonly issues?: readonly Issue[] | undefined

  constructor(kind: ErrorKind, message: string, details: ErrorDetails = {}) {
    const { cause, ...rest } = details
    super(scrubSecrets(message), cause === undefined ? undefined : { cause })
    this.name = 'LlmError'
    this.kind = kind
    for (const [key, value] of Object.entries(rest))
      if (value !== undefined) Object.assign(this, { [key]: value })
    Object.defineProperty(this, BRAND, { value: true })
  }

  /** True for an `LlmError` (of `kind`, when given), also one from another installed copy of this package. */
  static is(error: unknown, kind?: ErrorKind): error is LlmError {
    if (typeof error !== 'object' || error === null || !(BRAND in error)) return false
    return kind === undefined || (error as { kind?: unknown }).kind === kind
  }

  /** Status for a host's own HTTP answer: that of the kind, or 413 where a request is only too large. */
  get httpStatus(): number {
    const { issues = [], kind } = this
    return issues.length > 0 && issues.every(({ status }) => status === 413)
      ? 413
      : errorTable[kind].httpStatus
  }

  /** The same error with more known about it. The original is not changed. */
  with(details: ErrorDetails): LlmError {
    const {
      kind,
      message,
      provider,
      model,
      status,
      code,
      requestId,
      retryAfterMs,
      attempts,
      partial,
      phase,
    } = this
    const { scope, pending, issues, cause } = this
    const known = {
      provider,
      model,
      status,
      code,
      requestId,
      retryAfterMs,
      attempts,
      partial,
      phase,
      scope,
      pending,
    }
    const copy = new LlmError(kind, message, { ...known, issues, cause, ...details })
    if (this.stack !== undefined) copy.stack = this.stack
    return copy
  }

  /** What may be shown and stored: no stack, no cause beyond its message, no partial answer. */
  toJSON(): Record<string, unknown> {
    const {
      name,
      kind,
      message,
      provider,
      model,
      status,
      code,
      requestId,
      retryAfterMs,
      phase,
      scope,
      pending,
    } = this
    const { issues, attempts } = this
    const cause = this.cause instanceof Error ? scrubSecrets(this.cause.message) : undefined
    const all = {
      name,
      kind,
      message,
      provider,
      model,
      status,
      code,
      requestId,
      retryAfterMs,
      phase,
      scope,
      pending,
    }
    return Object.fromEntries(
      Object.entries({ ...all, issues, attempts, cause }).filter(([, value]) => value !== undefined),
    )
  }
}

/** Any thrown value as an `LlmError`; one that is one already comes back as it is. */
export function toLlmError(error: unknown, kind: ErrorKind, lead: string): LlmError {
  if (LlmError.is(error)) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new LlmError(kind, `${lead}: ${reason}`, { cause: error })
}

/** An error that tells the first of `issues` in its message, and carries all. */
export function requestError(issues: readonly Issue[]): LlmError {
  const shown = issues
    .slice(0, 5)
    .map(({ path, message: problem }) => `${path === '' ? 'request' : path}: ${problem}`)
  const more = issues.length > shown.length ? ` (and ${issues.length - shown.length} more)` : ''
  return new LlmError('invalid-request', `the request is not valid: ${shown.join('; ')}${more}`, { issues })
}

/** Refuses a request at one path. */
export function throwInvalidRequest(path: string, message: string): never {
  throw new LlmError('invalid-request', `the request is not valid: ${path}: ${message}`, {
    issues: [{ path, message }],
  })
}
