import type { ErrorKind } from '../core/error.ts'
import { optionsSchema } from '../core/options.ts'
import { anyOf, milliseconds, number, oneOf, text, type Field } from '../core/schema.ts'

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

/** An error as a provider sends it. `kind` or `status` is enough; the wire format's vendor decides the rest. */
export interface FakeError {
  readonly kind?: ProviderErrorKind | undefined
  /** HTTP status. */
  readonly status?: number | undefined
  readonly message?: string | undefined
  /** The vendor's error type, where its format has one. */
  readonly type?: string | undefined
  /** The vendor's error code, where its format has one. */
  readonly code?: string | undefined
  /** The invalid request field, if the format names it. */
  readonly param?: string | undefined
  /** When to retry, in ms, sent in the vendor's form. For another form, set `headers` of the reply. */
  readonly retryAfterMs?: number | undefined
}

const kindField = oneOf(
  ...(['rate-limited', 'overloaded', 'timeout', 'server-failed', 'invalid-request'] as const),
  ...(['content-blocked', 'not-found', 'conflict', 'unauthorized', 'quota-exhausted'] as const),
  'context-too-long' satisfies ProviderErrorKind,
)
const fakeErrorSchema = optionsSchema<FakeError>()(() => ({
  kind: kindField,
  status: number({ whole: true, min: 100, max: 599 }),
  message: text,
  type: text,
  code: text,
  param: text,
  retryAfterMs: milliseconds,
}))
/** The field of a scripted error: its kind, or its details. */
export const fakeErrorField: Field = anyOf(kindField, fakeErrorSchema)

/** An error with all fields of a wire format. */
export interface WireError extends FakeError {
  readonly status: number
  readonly message: string
}

/** A vendor's error for each kind. */
export type VendorErrors = Readonly<Record<ProviderErrorKind, WireError>>

/** Completes a scripted error with the vendor's fields; fields of the script take precedence. */
export function describeError(error: ProviderErrorKind | FakeError, errors: VendorErrors): WireError {
  const given: FakeError = typeof error === 'string' ? { kind: error } : error
  const usual = errors[given.kind ?? kindOf(given.status)]
  return { ...usual, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) }
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

/** Returns the `retry-after` header of an error, in whole seconds; none if it has no `retryAfterMs`. */
export function retryAfter({ retryAfterMs }: WireError): Record<string, string> {
  return retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }
}

/** Thrown by a wire format for a request that its vendor would reject. */
export class FakeHttpError extends Error {
  readonly error: ProviderErrorKind | FakeError

  constructor(error: ProviderErrorKind | FakeError) {
    super(typeof error === 'string' ? error : (error.message ?? error.kind))
    this.error = error
  }
}
