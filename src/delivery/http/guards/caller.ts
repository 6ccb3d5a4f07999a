import { checkArguments } from '../../../core/check-arguments.ts'
import type { Clock } from '../../../core/clock.ts'
import { LlmError } from '../../../core/error.ts'
import { isObject } from '../../../core/json.ts'
import {
  count,
  kind,
  listOf,
  looseGroup,
  oneOf,
  orInfinity,
  recordOf,
  text,
  type Field,
} from '../../../core/schema.ts'
import { typeName } from '../../../core/show-value.ts'
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
  /** What the caller may use: tools whose `permission` is not among these are neither shown nor run. Default: nothing. */
  readonly permissions?: readonly string[] | undefined
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

const atMost = orInfinity(count)

const callerFields: Readonly<Record<keyof CallerAccess, Field>> = {
  userId: text,
  tenant: text,
  role: text,
  conversationId: text,
  tags: recordOf(text),
  priority: oneOf('critical', 'high', 'normal', 'low'),
  permissions: listOf(text),
  limits: looseGroup(() => ({ maxTokens: atMost, maxChoices: atMost, models: listOf(text) })),
  expiresAtMs: kind('a number of ms', (value) => typeof value === 'number' && !Number.isNaN(value)),
}

/**
 * Calls `authorize`. Rejects with what it throws, with `unauthorized` if it returns no caller, with `misconfigured` if a field
 * of the caller is of a wrong kind, and with `timeout` if it does not answer.
 */
export async function authorizeRequest(
  authorize: Authorize,
  request: Request,
  clock?: Clock,
): Promise<CallerAccess | Response> {
  if (authorize === 'open') return OPEN
  const answer: unknown = await hostAnswer(authorize(request), { request, clock, option: 'authorize' })
  if (answer instanceof Response) return answer
  if (isObject(answer)) return checkedCaller(answer)
  throw new LlmError('unauthorized', 'the request is not authorized; send a valid key or session', {
    cause: REFUSALS.has(answer)
      ? undefined
      : new Error(`authorize returned ${typeName(answer)}; ${EXPECTED}`),
  })
}

/** What `authorize` returns to refuse a request. Anything else that is no caller is a mistake, and logged as such. */
const REFUSALS: ReadonlySet<unknown> = new Set([undefined, null, false])
const EXPECTED = 'return a caller, such as { userId }, or undefined to refuse the request'

// A mistake of the application must not look like one of its client.
function checkedCaller(caller: CallerAccess): CallerAccess {
  try {
    checkArguments('authorize returned a caller whose', callerFields, caller)
    return caller
  } catch (error) {
    const { message, issues } = error as LlmError
    throw new LlmError('misconfigured', message.replace(':', ''), { issues })
  }
}
