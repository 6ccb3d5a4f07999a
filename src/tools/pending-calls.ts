import { LlmError } from '../core/error.ts'
import type { StreamEvent } from '../core/event.ts'
import type { ToolCall } from '../core/message.ts'
import type { Decision, PendingCall } from './approval-types.ts'
import type { HistoryStep } from './run-history.ts'
import type { RunLog } from './run-log.ts'
import type { GivenResult, RunRequest } from './run-types.ts'
import { failed, returned, type ToolOutcome } from './tool-outcome.ts'
import type { DecidedCall } from './tool-runner.ts'

/** The calls of a run that wait for a decision or a result, and the decisions and results that the request brings. */
export class PendingCalls {
  readonly #request: RunRequest
  readonly #log: RunLog
  #calls: readonly PendingCall[] = []
  #isTaken = false
  /** Outcomes that the request brought, which no reader of the stream has yet. */
  #taken: readonly ToolOutcome[] = []

  constructor(request: RunRequest, log: RunLog) {
    this.#request = request
    this.#log = log
  }

  /** The calls that the run waits for. */
  get calls(): readonly PendingCall[] {
    return this.#calls
  }

  /** Takes the decisions and results of the request, once, for the step that the run goes on with. Throws if one does not belong to it. */
  async take(step: HistoryStep): Promise<void> {
    if (this.#isTaken) return
    this.#isTaken = true
    const { decisions = [], results = [] } = this.#request
    for (const decision of decisions) await this.#decide(step, decision)
    for (const result of results) await this.#settle(step, result)
  }

  /** Notes the calls of a step that wait. Tells the readers of the stream what the request brought, and what needs a decision. */
  expect(decided: readonly DecidedCall[], tell: (event: StreamEvent) => void): void {
    for (const { event } of this.#taken) tell(event)
    this.#taken = []
    this.#calls = decided.flatMap(({ call, state }) => {
      if (state === 'needs-approval') return [this.#pendingOf(call, 'approval')]
      return state === 'needs-result' ? [this.#pendingOf(call, 'result')] : []
    })
    for (const { runId, toolCallId: id, name, arguments: args, needs } of this.#calls)
      if (needs === 'approval') tell({ type: 'approval-requested', runId, id, name, arguments: args })
  }

  /** Notes a call whose result comes later. */
  defer(call: ToolCall): void {
    this.#calls = [...this.#calls, this.#pendingOf(call, 'result')]
  }

  async #decide(step: HistoryStep, decision: Decision): Promise<void> {
    const { approvals } = this.#request
    if (approvals === undefined) {
      const message = 'decisions are checked by approvals: pass approvals: createApprovals({ secret })'
      throw new LlmError('misconfigured', message, { issues: [{ path: 'approvals', message }] })
    }
    const call = waiting(step, decision.toolCallId)
    if (step.approved.has(call.id)) throw notPending(call.id)
    await approvals.check(this.#pendingOf(call, 'approval'), decision)
    const { approved, decidedBy, reason } = decision
    const { index } = step
    await this.#log.add({ type: 'decision', step: index, toolCallId: call.id, approved, decidedBy })
    if (approved) return
    const outcome = failed(call, `the call was not approved${reason === undefined ? '' : `: ${reason}`}`)
    await this.#log.add({ type: 'tool', step: index, toolCallId: call.id, outcome })
    this.#taken = [...this.#taken, outcome]
  }

  async #settle(step: HistoryStep, { toolCallId, result, error }: GivenResult): Promise<void> {
    const call = waiting(step, toolCallId)
    const outcome = error === undefined ? returned(call, result) : failed(call, error)
    await this.#log.add({ type: 'tool', step: step.index, toolCallId, outcome })
    this.#taken = [...this.#taken, outcome]
  }

  #pendingOf({ id: toolCallId, name, arguments: args }: ToolCall, needs: PendingCall['needs']): PendingCall {
    const { runId } = this.#log.state
    const step = this.#log.history.last?.index ?? 0
    return { runId, step, toolCallId, name, arguments: args, needs }
  }
}

function waiting({ response, outcomes }: HistoryStep, id: string): ToolCall {
  const call = response.toolCalls.find((one) => one.id === id)
  if (call === undefined || outcomes.has(id)) throw notPending(id)
  return call
}

/** The `conflict` of a decision or result for a call that waits for none. */
export function notPending(id: string): LlmError {
  const message = `the call "${id}" waits for nothing: it was answered before, or is not of this run`
  return new LlmError('conflict', message, { code: 'not-pending' })
}
