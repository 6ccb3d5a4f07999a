import { systemClock, type Clock } from '../../../core/clock.ts'
import { LlmError } from '../../../core/error.ts'
import type { CallerAccess } from './caller.ts'

/** Tells an access of the caller's that ran out from one that a provider refused. */
export const ACCESS_EXPIRED = 'access_expired'

/** What becomes of a call whose client goes away: it is cancelled, or goes on to its end, so that it can be saved. */
export type AccessExpiryPolicy = 'cancel' | 'finish'

/** How long a call may go on. */
export interface AccessExpiry {
  /** For the call: aborted when the client has left (unless the call is to finish), or when its access has expired. */
  readonly signal: AbortSignal | undefined
  /** The call is over: timer and listener are gone. */
  release(): void
}

interface LeaveOptions {
  readonly request: Request
  readonly access: CallerAccess
  readonly policy?: AccessExpiryPolicy | undefined
  readonly clock?: Clock | undefined
}

/** Opens the leave of one call. Throws `unauthorized` where the access has expired already. */
export function watchAccess({
  request,
  access,
  policy = 'cancel',
  clock = systemClock,
}: LeaveOptions): AccessExpiry {
  const { expiresAtMs } = access
  const left = policy === 'cancel' ? request.signal : undefined
  if (expiresAtMs === undefined) return { signal: left, release: () => undefined }
  const remainingMs = expiresAtMs - clock.epochMs()
  if (remainingMs <= 0) throw expired()
  const ended = new AbortController()
  const onLeft = (): void => ended.abort(left?.reason)
  const timer = clock.setTimer(() => ended.abort(expired()), remainingMs)
  if (left?.aborted === true) onLeft()
  else left?.addEventListener('abort', onLeft, { once: true })
  return {
    signal: ended.signal,
    release: () => {
      clock.clearTimer(timer)
      left?.removeEventListener('abort', onLeft)
    },
  }
}

function expired(): LlmError {
  return new LlmError('unauthorized', 'the access has expired: sign in again', { code: ACCESS_EXPIRED })
}
