import type { JsonValue } from '../core/json.ts'

/** A call that the run waits for. */
export interface PendingCall {
  readonly runId: string
  readonly step: number
  readonly toolCallId: string
  readonly name: string
  readonly arguments: JsonValue
  /** `approval`: a decision by `approvals.decide`. `result`: the result of the call, in `results`. */
  readonly needs: 'approval' | 'result'
}

/** What a person decided about a pending call. */
export interface DecisionInput {
  readonly approved: boolean
  /** Who decided, such as a user id. */
  readonly decidedBy: string
  /** Why, in words for the model. */
  readonly reason?: string | undefined
}

/** A signed decision. It fits one call of one run with the arguments that were shown, and may pass through other systems. */
export interface Decision extends DecisionInput {
  readonly runId: string
  readonly toolCallId: string
  /** When it was decided, in ms since 1970. */
  readonly decidedAt: number
  readonly signature: string
}

/** Signs and checks decisions about tool calls. */
export interface Approvals {
  /** Signs the decision of a person who the application knows may decide. */
  decide(call: PendingCall, decision: DecisionInput): Promise<Decision>
  /** Checks a decision. Rejects with `unauthorized` if it is of another run or call, was altered, or is too old. */
  check(call: PendingCall, decision: Decision): Promise<void>
}
