import type { JsonValue } from '../core/json.ts'
import type { Message, ToolCall } from '../core/message.ts'
import type { TypedBy, TypeGiver } from '../core/reply-types.ts'
import type { ChatRequest } from '../core/request.ts'
import type { ChatResponse, Usage } from '../core/response.ts'
import type { Approvals, Decision, PendingCall } from './approval-types.ts'
import type { RunRecord, RunStore } from './run-records.ts'
import type { AgentUsage } from './tool-outcome.ts'

/** The outcome of one tool call, in one shape for all tools. */
export type ToolResult = {
  readonly toolCallId: string
  readonly name: string
} & (
  | { readonly success: true; readonly data: JsonValue }
  | { readonly success: false; readonly error: { readonly code: 'tool-error'; readonly message: string } }
)

/** One completed step of a run: a model call and the tools that it asked for. */
export interface RunStep {
  readonly index: number
  readonly response: ChatResponse
  readonly results: readonly ToolResult[]
  /** Cost of the model call in US dollars; `null` if unknown. */
  readonly costUsd: number | null
}

/** A run so far, as the functions of the application see it between two steps. */
export interface RunProgress {
  readonly runId: string
  /** The completed steps, oldest first. */
  readonly steps: readonly RunStep[]
  /** The messages of the next model call. */
  readonly messages: readonly Message[]
  /** Usage of all steps. */
  readonly usage: Usage
  /** Cost of all steps in US dollars; `null` if one is unknown. */
  readonly costUsd: number | null
}

/** Whether a run ends after a step whose tools have run. */
export type StopCondition = (run: RunProgress) => boolean | Promise<boolean>

/** Settings of one step in place of those of the run. */
export type StepSettings = Partial<
  Omit<ChatRequest, 'parent' | 'requestId' | 'stream' | 'signal' | 'onAdmitted' | 'onEnd'>
>

/** What a tool loop takes besides a chat request. */
export interface RunOptions {
  /** Id of the run. With `runs`, a run of this id and caller that was interrupted goes on. Default: a new one. */
  readonly runId?: string | undefined
  /** Maximum number of steps whose tools run. The model call after the last has no tools, so that it answers. Default 8. */
  readonly maxToolRounds?: number | undefined
  /** Ends the run after a step for which one of these is true. Default: none. */
  readonly stopWhen?: StopCondition | readonly StopCondition[] | undefined
  /** Called before each model call. What it returns applies to that call alone. */
  readonly prepareStep?:
    | ((run: RunProgress) => StepSettings | undefined | void | Promise<StepSettings | undefined | void>)
    | undefined
  /** Called after each completed step, and waited for. If it throws, the run ends with that error. */
  readonly onStep?: ((step: RunStep, run: RunProgress) => void | Promise<void>) | undefined
  /** Maximum time of one run of a tool in ms, unless the tool has its own. Default 15 000; 0 or `Infinity`: none. */
  readonly toolTimeoutMs?: number | undefined
  /** How many tools of one step run at once. Default 16. */
  readonly maxParallelTools?: number | undefined
  /** How often the model is asked again after arguments that do not fit, then it answers without tools; and after an answer that does not fit the schema of `responseFormat`. Default 1. */
  readonly maxRepairs?: number | undefined
  /** A call of one tool with the same arguments runs this often; then the model answers without tools. Default 3. */
  readonly maxRepeats?: number | undefined
  /** What the caller may use. A tool whose `permission` is not among these is neither shown nor run. Default: nothing. */
  readonly permissions?: readonly string[] | undefined
  /** Given to every tool as `context.identity`. */
  readonly identity?: unknown
  /** Keeps the records of the run, so that it survives its process. Default: none. */
  readonly runs?: RunStore | undefined
  /** The `state` of a run that ended with pending calls, if no store keeps it. */
  readonly resume?: RunState | undefined
  /** Checks decisions. Needed if `decisions` are given. */
  readonly approvals?: Approvals | undefined
  /** Decisions about pending calls. */
  readonly decisions?: readonly Decision[] | undefined
  /** Results of pending calls that the application ran itself. */
  readonly results?: readonly GivenResult[] | undefined
}

/** The result of a pending call: what its tool gave, or why it failed. */
export interface GivenResult {
  readonly toolCallId: string
  readonly result?: unknown
  /** Why the call failed, in words for the model. */
  readonly error?: string | undefined
}

/** A chat request whose tools are run. */
export interface RunRequest extends ChatRequest, RunOptions {}
/** A chat request whose tools are run, and whose result has types. */
export interface TypedRunRequest<Tools, Format, Stream>
  extends Omit<RunRequest, TypeGiver>, TypedBy<Tools, Format, Stream> {}

/** Everything that is needed to go on with a run, as plain JSON. */
export interface RunState {
  readonly runId: string
  readonly records: readonly RunRecord[]
}

/**
 * Why a run ended. `complete`: the model answered. `needs-approval`, `needs-results`: calls in `pending` wait for decisions
 * or results. `stopped`: a stop condition was true.
 */
export type RunStatus = 'complete' | 'needs-approval' | 'needs-results' | 'stopped'

/**
 * The result of a run: the response of its last step, with the usage, warnings and attempts of all steps.
 */
export interface RunResponse<Parsed = JsonValue, Calls extends ToolCall = ToolCall> extends ChatResponse<
  Parsed,
  Calls
> {
  readonly runId: string
  readonly status: RunStatus
  /** The completed steps whose tools have run, oldest first. */
  readonly steps: readonly RunStep[]
  /** The calls that the run waits for. Empty unless the status says so. */
  readonly pending: readonly PendingCall[]
  /** What agents that tools delegated to have used, one entry for each delegating call. It is part of `usage`. */
  readonly agents: readonly AgentUsage[]
  /** All messages that the run added, to append to the history. */
  readonly messages: readonly Message[]
  /** Cost of all steps in US dollars; `null` if one is unknown. */
  readonly costUsd: number | null
  /** The run as plain JSON, for `resume`. */
  readonly state: RunState
}
