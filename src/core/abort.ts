import type { CallScope } from './call.ts'
import { LlmError } from './error.ts'

/** What may end a wait from outside: the scope of a call, an abort signal, or both. */
export interface AbortSources {
  readonly scope?: Pick<CallScope, 'error' | 'onAbort'> | undefined
  readonly signal?: AbortSignal | undefined
}

/** Why the wait is over before it began, if it is. */
export function abortedBy({ scope, signal }: AbortSources): LlmError | undefined {
  return scope?.error ?? (signal?.aborted === true ? abortedError(signal) : undefined)
}

/** Runs `action` when a source ends the wait. Gives the way to take it back; nothing stays on the source then. */
export function onAbort({ scope, signal }: AbortSources, action: (error: LlmError) => void): () => void {
  const listener = signal === undefined ? undefined : () => action(abortedError(signal))
  if (listener !== undefined) signal?.addEventListener('abort', listener, { once: true })
  const unlink = scope?.onAbort(action)
  return () => {
    if (listener !== undefined) signal?.removeEventListener('abort', listener)
    unlink?.()
  }
}

function abortedError({ reason }: AbortSignal): LlmError {
  if (LlmError.is(reason)) return reason
  const said = reason instanceof Error && reason.name !== 'AbortError' ? `: ${reason.message}` : ''
  return new LlmError('aborted', `the wait was aborted by the caller${said}`, { cause: reason })
}
