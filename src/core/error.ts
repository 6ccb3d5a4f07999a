import { isFull, shownIssues } from './issues.ts'
import { scrubSecrets } from './scrub-secrets.ts'
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

/** The consequences of a kind of error. Retry, breaker, fallback and HTTP delivery read them from {@link errorTable}. */
export interface ErrorTraits {
  /** Whether the same target may be tried again. */
  readonly retry: boolean
  /** Whether the error counts against the target's breaker. Only upstream faults do. */
  readonly opensBreaker: boolean
  /** Whether another target may be tried. */
  readonly fallsBack: boolean
  /** HTTP status for the application's own response. */
  readonly httpStatus: number
}

const traits = (retry: boolean, opensBreaker: boolean, fallsBack: boolean, httpStatus: number): ErrorTraits =>
  Object.freeze({ retry, opensBreaker, fallsBack, httpStatus })

/** All kinds of errors and their consequences. */
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

/** The timeout that ended a call. */
export type TimeoutPhase = 'connect' | 'headers' | 'first-content' | 'idle' | 'total' | 'queue'

/** One problem of a request or of options. */
export interface Issue {
  /** Dotted path: `messages.0.content`. */
  readonly path: string
  readonly message: string
  /** 413 if the value is only too large. Default 400. */
  readonly status?: 413 | undefined
}

/** What an {@link LlmError} carries besides its kind and message. */
export interface ErrorDetails {
  readonly provider?: string | undefined
  readonly model?: string | undefined
  /** HTTP status of the provider's response. */
  readonly status?: number | undefined
  /** The provider's own error code or type. */
  readonly code?: string | undefined
  /** The caller's id of the request. A failed turn of a chat can be repeated under it. */
  readonly requestId?: string | undefined
  /** The provider's id of the request. */
  readonly providerRequestId?: string | undefined
  /** Milliseconds after which the provider or limiter accepts the call again. */
  readonly retryAfterMs?: number | undefined
  readonly attempts?: readonly Attempt[] | undefined
  readonly cause?: unknown
  /** The response so far, if a stream had started. */
  readonly partial?: ChatResponse | undefined
  /** The timeout that ended the call (`timeout`). */
  readonly phase?: TimeoutPhase | undefined
  /** The layer that refused the call (`limit-exceeded`). */
  readonly scope?: string | undefined
  /** Number of waiting calls (`queue-full`). */
  readonly pending?: number | undefined
  readonly issues?: readonly Issue[] | undefined
}

// Shared by every copy of this package in a process, so that `LlmError.is` works across duplicate installs.
const BRAND: unique symbol = Symbol.for('llm-switchyard.error') as never

// The details that are shown, in this order.
const DETAIL_NAMES = [
  'provider',
  'model',
  'status',
  'code',
  'requestId',
  'providerRequestId',
  'retryAfterMs',
  'phase',
  'scope',
  'pending',
  'issues',
  'attempts',
] as const satisfies readonly (keyof ErrorDetails)[]

/** The error of all functions of this package. `kind` says what happened, `message` what, where and what to do. No field holds a secret. */
export class LlmError extends Error implements ErrorDetails {
  // On the prototype, as for the built-in errors: neither the stack nor a console then shows another name.
  static {
    Object.defineProperty(this, 'name', { value: 'LlmError' })
    Object.defineProperty(this.prototype, 'name', { value: 'LlmError', configurable: true, writable: true })
    // A detail that is not given is known and `undefined`, but no own field, so that a printed error does not show it.
    for (const name of [...DETAIL_NAMES, 'partial'])
      Object.defineProperty(this.prototype, name, { value: undefined, writable: true })
  }

  // Declared only, because an initialized field would exist even if its detail is not given.
  declare readonly kind: ErrorKind
  declare readonly provider?: string | undefined
  declare readonly model?: string | undefined
  declare readonly status?: number | undefined
  declare readonly code?: string | undefined
  declare readonly requestId?: string | undefined
  declare readonly providerRequestId?: string | undefined
  declare readonly retryAfterMs?: number | undefined
  declare readonly attempts?: readonly Attempt[] | undefined
  declare readonly partial?: ChatResponse | undefined
  declare readonly phase?: TimeoutPhase | undefined
  declare readonly scope?: string | undefined
  declare readonly pending?: number | undefined
  declare readonly issues?: readonly Issue[] | undefined

  constructor(kind: ErrorKind, message: string, details?: ErrorDetails) {
    const { cause, ...rest } = { ...details }
    // An error is made where things go wrong, so a message of another kind still makes one.
    const said: unknown = message
    super(scrubSecrets(String(said)), cause === undefined ? undefined : { cause })
    this.kind = kind
    for (const [key, value] of Object.entries(rest))
      if (value !== undefined) Object.assign(this, { [key]: value })
    Object.defineProperty(this, BRAND, { value: true })
  }

  /** Whether `error` is an `LlmError` (of `kind`, if given), also one from another installed copy of this package. */
  static is(error: unknown, kind?: ErrorKind): error is LlmError {
    if (typeof error !== 'object' || error === null || !(BRAND in error)) return false
    return kind === undefined || (error as { kind?: unknown }).kind === kind
  }

  /** HTTP status for the application's own response: that of the kind, or 413 if the request is only too large. */
  get httpStatus(): number {
    const { issues = [], kind } = this
    return issues.length > 0 && issues.every(({ status }) => status === 413)
      ? 413
      : errorTable[kind].httpStatus
  }

  /** A copy with more details; details that are `undefined` replace those of the original. */
  with(details: ErrorDetails): LlmError {
    const { kind, message, stack, cause, partial } = this
    // Not by name: bundlers rename a class that names itself, and consoles would print that name.
    const Class = this.constructor as typeof LlmError
    const copy = new Class(kind, message, { ...detailsOf(this), partial, cause, ...details })
    if (stack !== undefined) copy.stack = stack
    return copy
  }

  /** What may be shown and stored: no stack, no partial response, and of the cause only its message. */
  toJSON(): Record<string, unknown> {
    const { name, kind, message } = this
    const json: Record<string, unknown> = { name, kind, message, ...detailsOf(this) }
    if (this.cause instanceof Error) json['cause'] = scrubSecrets(this.cause.message)
    return json
  }
}

function detailsOf(error: LlmError): ErrorDetails {
  const given = DETAIL_NAMES.filter((name) => error[name] !== undefined)
  return Object.fromEntries(given.map((name) => [name, error[name]]))
}

/** A copy of an error whose issues have the paths that `rename` returns, in its message as well. */
export function withPaths(error: LlmError, rename: (path: string) => string): LlmError {
  const { kind, message, issues = [], cause, partial } = error
  let told = ''
  let from = 0
  // The message names the issues in their order.
  for (const { path } of issues) {
    const at = path === '' ? -1 : message.indexOf(path, from)
    if (at < 0) continue
    told += message.slice(from, at) + rename(path)
    from = at + path.length
  }
  const renamed = issues.map((issue) => ({ ...issue, path: rename(issue.path) }))
  const details = { ...detailsOf(error), issues: renamed, partial, cause }
  return new LlmError(kind, told + message.slice(from), details)
}

/** Converts any thrown value to an `LlmError` of `kind` whose message starts with `lead`. Returns an `LlmError` unchanged. */
export function toLlmError(error: unknown, kind: ErrorKind, lead: string): LlmError {
  if (LlmError.is(error)) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new LlmError(kind, `${lead}: ${reason}`, { cause: error })
}

/** An `invalid-request` error that names the first 5 of `issues` in its message and carries up to 20. */
export function requestError(issues: readonly Issue[]): LlmError {
  const shown = issues
    .slice(0, 5)
    .map(({ path, message: problem }) => (path === '' ? problem : `${path}: ${problem}`))
  const count = isFull(issues) ? 'more' : `${issues.length - shown.length} more`
  const more = issues.length > shown.length ? ` (and ${count})` : ''
  return new LlmError('invalid-request', `the request is not valid: ${shown.join('; ')}${more}`, {
    issues: shownIssues(issues),
  })
}

/** Throws `invalid-request` with one issue. */
export function throwInvalidRequest(path: string, message: string): never {
  throw new LlmError('invalid-request', `the request is not valid: ${path}: ${message}`, {
    issues: [{ path, message }],
  })
}
