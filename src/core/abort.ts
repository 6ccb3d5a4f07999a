import { LlmError } from './error.ts'
import type { CallScope } from './lifetime.ts'

/** Sources that may abort a wait: the scope of a call, an abort signal, or both. */
export interface AbortSources {
  readonly scope?: Pick<CallScope, 'error' | 'onAbort'> | undefined
  readonly signal?: AbortSignal | undefined
}

/** The error of a source that has aborted already; `undefined` if none has. */
export function abortedBy({ scope, signal }: AbortSources): LlmError | undefined {
  return scope?.error ?? (signal?.aborted === true ? abortedError(signal.reason) : undefined)
}

/** Calls `action` when a source aborts. Returns a function that removes every listener. */
export function onAbort({ scope, signal }: AbortSources, action: (error: LlmError) => void): () => void {
  const listener = signal === undefined ? undefined : () => action(abortedError(signal.reason))
  if (listener !== undefined) signal?.addEventListener('abort', listener, { once: true })
  const unlink = scope?.onAbort(action)
  return () => {
    if (listener !== undefined) signal?.removeEventListener('abort', listener)
    unlink?.()
  }
}

/** The error of a call or a wait that its caller aborted with `reason`. Returns `reason` itself if it is an `LlmError`. */
export function abortedError(reason?: unknown): LlmError {
  if (LlmError.is(reason)) return reason
  const detail = reason instanceof Error && reason.name !== 'AbortError' ? `: ${reason.message}` : ''
  return new LlmError('aborted', `the call was aborted by the caller${detail}`, { cause: reason })
}

/**
 * Waits for `work` until a source aborts, and rejects with its error then. The work goes on; its later result is given to
 * `discard`, and its later error is dropped.
 */
export function untilAborted<T>(
  sources: AbortSources,
  work: PromiseLike<T>,
  discard?: (late: T) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let isOver = false
    const end = (): void => {
      isOver = true
      unlink()
    }
    let unlink = (): void => undefined
    const over = abortedBy(sources)
    if (over === undefined)
      unlink = onAbort(sources, (error) => {
        end()
        reject(error)
      })
    else {
      isOver = true
      reject(over)
    }
    work.then(
      (result) => {
        if (isOver) return discard?.(result)
        end()
        resolve(result)
      },
      (error: unknown) => {
        end()
        reject(error)
      },
    )
  })
}
