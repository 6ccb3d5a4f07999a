import { LlmError } from '../../core/error.ts'

/** Somebody has cancelled the run. */
export function cancelled(reason: string): LlmError {
  return new LlmError('aborted', reason, { code: 'cancelled' })
}

/** The run is no longer this process's to write. */
export function lost(id: string): LlmError {
  const message = `the log of run "${id}" is no longer this process's: its lease has run out, or Redis has lost it`
  return new LlmError('stream-broken', message, { code: 'run-lost' })
}

/** The id is taken. */
export function conflict(id: string): LlmError {
  return new LlmError('conflict', `there is a run with the id "${id}": give each its own`)
}
