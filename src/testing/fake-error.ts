import type { ErrorKind } from '../core/error.ts'

/** Kinds of error that a provider can send. */
export type ProviderErrorKind = Extract<
  ErrorKind,
  | 'rate-limited'
  | 'overloaded'
  | 'timeout'
  | 'server-failed'
  | 'invalid-request'
  | 'content-blocked'
  | 'not-found'
  | 'conflict'
  | 'unauthorized'
  | 'quota-exhausted'
  | 'context-too-long'
>

/** An error as the provider sends it. `kind` or `status` is enough: the rest is what the wire format's vendor would say. */
export interface FakeError {
  readonly kind?: ProviderErrorKind | undefined
  /** HTTP status. */
  readonly status?: number | undefined
  readonly message?: string | undefined
  /** The vendor's error type, where its format has one. */
  readonly type?: string | undefined
  /** The vendor's error code, where its format has one. */
  readonly code?: string | undefined
  /** The request field that is to blame, where the format names it. */
  readonly param?: string | undefined
  /** How long to wait, told in the vendor's way. For another form of the header, set it in `headers`. */
  readonly retryAfterMs?: number | undefined
}

/** An error with all that a wire format says of it. */
export interface WireError extends FakeError {
  readonly status: number
  readonly message: string
}

/** What a vendor says for each kind. */
export type ErrorWords = Readonly<Record<ProviderErrorKind, WireError>>

/** A scripted error in the vendor's words; what the script says itself wins. */
export function describeError(error: ProviderErrorKind | FakeError, words: ErrorWords): WireError {
  const given: FakeError = typeof error === 'string' ? { kind: error } : error
  const said = words[given.kind ?? kindOf(given.status)]
  return { ...said, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) }
}

function kindOf(status = 500): ProviderErrorKind {
  const known: Readonly<Record<number, ProviderErrorKind>> = {
    401: 'unauthorized',
    402: 'quota-exhausted',
    403: 'unauthorized',
    404: 'not-found',
    408: 'timeout',
    409: 'conflict',
    413: 'context-too-long',
    429: 'rate-limited',
    503: 'overloaded',
    504: 'timeout',
    529: 'overloaded',
  }
  return known[status] ?? (status >= 500 ? 'server-failed' : 'invalid-request')
}

/** A request that the provider refuses, thrown by whoever finds out. */
export class FakeHttpError extends Error {
  readonly error: ProviderErrorKind | FakeError

  constructor(error: ProviderErrorKind | FakeError) {
    super(typeof error === 'string' ? error : (error.message ?? error.kind))
    this.error = error
  }
}
