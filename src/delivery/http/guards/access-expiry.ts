import { systemClock, type Clock } from '../../../core/clock.ts'
import { LlmError } from '../../../core/error.ts'
import type { CallerAccess } from './caller.ts'

/** Error code of a caller's expired access, which distinguishes it from credentials that a provider rejected. */
export const ACCESS_EXPIRED = 'access_expired'

/** What happens to a call when its client disconnects: it is cancelled, or it runs to its end so that it can be saved. */
export type AccessExpiryPolicy = 'cancel' | 'finish'

/** How long a call may run. */
export interface AccessExpiry {
  /** Signal for the call. Aborts when the access expires, or when the client disconnects and the policy is `cancel`. */
  readonly signal: AbortSignal | undefined
  /** Removes timer and listener. */
  release(): void
}

interface WatchOptions {
  readonly request: Request
  readonly access: CallerAccess
  readonly policy?: AccessExpiryPolicy | undefined
  readonly clock?: Clock | undefined
}

/** Watches the access of one call. Throws `unauthorized` if it has expired. */
export function watchAccess({
  request,
  access,
  policy = 'cancel',
  clock = systemClock,
}: WatchOptions): AccessExpiry {
  const { expiresAtMs } = access
  const client = policy === 'cancel' ? request.signal : undefined
  if (expiresAtMs === undefined) return { signal: client, release: () => undefined }
  const remainingMs = expiresAtMs - clock.epochMs()
  if (remainingMs <= 0) throw expired()
  const ended = new AbortController()
  const onDisconnect = (): void => ended.abort(client?.reason)
  const timer = clock.setTimer(() => ended.abort(expired()), remainingMs)
  if (client?.aborted === true) onDisconnect()
  else client?.addEventListener('abort', onDisconnect, { once: true })
  return {
    signal: ended.signal,
    release: () => {
      clock.clearTimer(timer)
      client?.removeEventListener('abort', onDisconnect)
    },
  }
}

function expired(): LlmError {
  return new LlmError('unauthorized', 'the access has expired: sign in again', { code: ACCESS_EXPIRED })
}
