import { LlmError, type TimeoutPhase } from './error.ts'

const PROBLEMS: Readonly<Record<TimeoutPhase, string>> = {
  connect: 'no connection within',
  headers: 'no response headers within',
  'first-content': 'no content within',
  idle: 'no further content within',
  total: 'the call was not done within',
  queue: 'the call waited in the queue longer than',
}
const OPTIONS: Readonly<Record<TimeoutPhase, string>> = {
  connect: 'timeouts.connectMs',
  headers: 'timeouts.headersMs',
  'first-content': 'timeouts.firstContentMs',
  idle: 'timeouts.idleMs',
  total: 'timeouts.totalMs',
  queue: 'queue.timeoutMs',
}

/** The `timeout` error of a phase that took longer than `ms` milliseconds. Names the option that sets the limit. */
export function timeoutError(phase: TimeoutPhase, ms: number): LlmError {
  return new LlmError('timeout', `${PROBLEMS[phase]} ${ms} ms (${OPTIONS[phase]})`, { phase })
}
