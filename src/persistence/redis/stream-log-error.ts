import { LlmError } from '../../core/error.ts'

/** The error for a run that was cancelled. */
export function cancelled(reason: string): LlmError {
  return new LlmError('aborted', reason, { code: 'cancelled' })
}

/** The error for a run that this process may no longer write. */
export function lost(id: string): LlmError {
  const message = `this process may no longer write the log of run "${id}": its lease has expired or Redis has lost it; start a new run`
  return new LlmError('stream-broken', message, { code: 'run-lost' })
}

/** The error for a run id that is in use. */
export function conflict(id: string): LlmError {
  return new LlmError('conflict', `the run id "${id}" already exists: use a new id for each run`)
}
