import type { ChatResponse } from '../core/response.ts'
import type { RunLog } from './run-log.ts'
import type { PendingCall } from './approval-types.ts'
import type { RunResponse, RunStatus } from './run-types.ts'

/** How a run ended. */
interface RunEnd {
  readonly status: RunStatus
  readonly log: RunLog
  readonly pending: readonly PendingCall[]
}

/** The result of a run: its last response, with usage, warnings and attempts of all steps. */
export function runResponse(response: ChatResponse, { status, log, pending }: RunEnd): RunResponse {
  const { history, state } = log
  const { usage, costUsd, steps, messages, responses, agents } = history
  return {
    ...response,
    usage,
    warnings: responses.flatMap(({ warnings }) => warnings),
    attempts: responses.flatMap(({ attempts }) => attempts),
    runId: state.runId,
    status,
    steps,
    agents,
    pending,
    messages,
    costUsd,
    state,
  }
}
