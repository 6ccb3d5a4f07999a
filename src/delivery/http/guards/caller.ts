import type { Clock } from '../../../core/clock.ts'
import { LlmError } from '../../../core/error.ts'
import { kind, type Field } from '../../../core/schema.ts'
import { hostAnswer } from './host-answer.ts'

/** The caller of a request and what it may do, as the application's `authorize` returns it. */
export interface CallerAccess {
  /** User whose limits the calls count against. Callers without one count as one user of their tenant. */
  readonly userId?: string | undefined
  /** Tenant. Added to the tags of every call, so that `limits: { tenant: … }` applies. */
  readonly tenant?: string | undefined
  /** Role. `admin` may read health details and queue activity. */
  readonly role?: string | undefined
  /**
   * Conversation whose limits the calls count against as well, shared by its members. Return only one that the caller may use.
   * A conversation that a request names counts per caller.
   */
  readonly conversationId?: string | undefined
  /** Ids for limits of further layers, by layer name. */
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly priority?: 'critical' | 'high' | 'normal' | 'low' | undefined
  /** Maximum values of this caller's requests. */
  readonly limits?: AccessLimits | undefined
  /** When the access expires, in ms since the epoch. A stream that runs longer ends with `unauthorized`. Default: never. */
  readonly expiresAtMs?: number | undefined
}

export interface AccessLimits {
  /** Maximum `maxTokens`. A request with more or none gets this value. */
  readonly maxTokens?: number | undefined
  /** Maximum number of choices of one request (`n`). */
  readonly maxChoices?: number | undefined
  /** Model names that this caller may use, as clients write them. Default: all that the gateway serves. */
  readonly models?: readonly string[] | undefined
}

/**
 * Called with each request before its body is read. Returns the caller, or a `Response` to send instead, or throws an
 * `LlmError` (`unauthorized` is a 401). Any other return value, `undefined` included, rejects the request. `'open'`
 * accepts every request; it must be explicit because calls cost the application money.
 */
export type Authorize =
  | 'open'
  | ((request: Request) => CallerAccess | Response | undefined | Promise<CallerAccess | Response | undefined>)

const OPEN: CallerAccess = Object.freeze({})

/** The field of {@link Authorize}. It is required, because the default must not be open. */
export const authorizeField: Field = kind(
  "a function of the request, or 'open' to accept every request",
  (value) => value === 'open' || typeof value === 'function',
)

/**
 * Calls `authorize`. Rejects with what it throws, with `unauthorized` if it returns no caller, and with `timeout` if it does not
 * answer.
 */
export async function authorizeRequest(
  authorize: Authorize,
  request: Request,
  clock?: Clock,
): Promise<CallerAccess | Response> {
  if (authorize === 'open') return OPEN
  const answer: unknown = await hostAnswer(authorize(request), { request, clock, option: 'authorize' })
  if (answer instanceof Response) return answer
  if (typeof answer === 'object' && answer !== null) return answer
  throw new LlmError('unauthorized', 'the request is not authorized; send a valid key or session')
}
