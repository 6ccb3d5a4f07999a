import type { LlmError } from './error.ts'

/** The lifetime of a call or turn, as calls within it see it. */
export interface ParentScope {
  /** The error by which it was aborted; `undefined` while it was not. */
  readonly error: LlmError | undefined
  /** Clock time by which it ends, in ms. Absent: no limit. */
  readonly deadlineAt?: number | undefined
  /** The queue whose slot the call holds. */
  slotOf: object | undefined
  /** Calls `action` at the abort, at once if it was already. Returns a function that removes it. */
  onAbort(action: (error: LlmError) => void): () => void
}

/** The lifetime of one call. It ends by the caller's signal, the total timeout, or the end of the call. */
export interface CallScope extends ParentScope {
  /** One bit per call stage that has called `next`. */
  passed: number
  /** Aborts the call. */
  abort(error: LlmError): void
  /** Releases timers and listeners at the end of the call. */
  release(): void
}
