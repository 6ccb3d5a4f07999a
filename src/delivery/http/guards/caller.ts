import { LlmError } from '../../../core/error.ts'

/** Who a request comes from, and what it may do: what the host's `authorize` finds out. */
export interface CallerAccess {
  /** Whose limits are charged. */
  readonly userId?: string | undefined
  /** Goes into the tags of every call, so that `limits: { tenant: … }` holds for it. */
  readonly tenant?: string | undefined
  /** `admin` may read the details of health and the queue's activity. */
  readonly role?: string | undefined
  /** Charges the limits of a conversation too. */
  readonly conversationId?: string | undefined
  /** Ids for limits of more layers. */
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly priority?: 'critical' | 'high' | 'normal' | 'low' | undefined
  /** Bounds on what this caller may ask for. */
  readonly limits?: AccessLimits | undefined
  /** When the leave ends, in milliseconds since 1970: a stream that runs on beyond it is ended with `unauthorized`. */
  readonly expiresAtMs?: number | undefined
}

export interface AccessLimits {
  /** Longest answer in tokens: a request for more, or for no certain length, is brought down to it. */
  readonly maxTokens?: number | undefined
  /** Most answers of one request (`n`). */
  readonly maxChoices?: number | undefined
  /** The models this caller may name, as it names them. Default: all that the gateway serves. */
  readonly models?: readonly string[] | undefined
}

/**
 * Decides about a request before its body is read: gives who it is, answers in the handler's place with a `Response`, or
 * throws an `LlmError` (`unauthorized` is a 401). Anything else, nothing included, is a refusal. `'open'` lets everyone
 * in: it has to be said, for a gateway spends the host's money.
 */
export type Authorize =
  | 'open'
  | ((request: Request) => CallerAccess | Response | undefined | Promise<CallerAccess | Response | undefined>)

const OPEN: CallerAccess = Object.freeze({})

/** Throws `misconfigured` where a host gives no `authorize`: the safe way to forget it is not to start. */
export function checkAuthorize(authorize: unknown, maker: string): void {
  if (authorize === 'open' || typeof authorize === 'function') return
  const problem = "needs authorize: a function of the request, or 'open' to let everyone in"
  throw new LlmError('misconfigured', `${maker}: ${problem}`, {
    issues: [{ path: 'authorize', message: problem }],
  })
}

/** Asks the host. Rejects with what it throws; a refusal without words becomes `unauthorized`. */
export async function authorizeRequest(
  authorize: Authorize,
  request: Request,
): Promise<CallerAccess | Response> {
  if (authorize === 'open') return OPEN
  const answer: unknown = await authorize(request)
  if (answer instanceof Response) return answer
  if (typeof answer === 'object' && answer !== null) return answer
  throw new LlmError('unauthorized', 'this request is not authorized: give a valid key or session')
}
