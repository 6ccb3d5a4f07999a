import type { ChatResponse, Usage } from '../core/response.ts'
import type { ToolOutcome } from './tool-outcome.ts'

/**
 * One record of a run. `begin`: what the run answers. `claim`: a process goes on with the run. `ask`: a model call begins.
 * `model`: its response. `decision`: a person decided about a call. `tool`: the outcome of a call. `repair`: the answer does not
 * fit its schema, and the model is asked again. `end`: the run answered.
 */
export type RunRecord =
  | { readonly type: 'begin'; readonly fingerprint: string }
  | { readonly type: 'claim'; readonly by: string }
  | { readonly type: 'ask'; readonly step: number; readonly usage: Usage }
  | { readonly type: 'model'; readonly step: number; readonly response: ChatResponse }
  | {
      readonly type: 'decision'
      readonly step: number
      readonly toolCallId: string
      readonly approved: boolean
      readonly decidedBy: string
    }
  | {
      readonly type: 'tool'
      readonly step: number
      readonly toolCallId: string
      readonly outcome: ToolOutcome
    }
  | { readonly type: 'repair'; readonly step: number; readonly reason: string }
  | { readonly type: 'end'; readonly step: number }

/** Which run. Runs of two owners are never the same. */
export interface RunKey {
  /** Key of tenant and user. */
  readonly owner: string
  readonly runId: string
}

/**
 * Keeps the records of runs. A run is a list that only grows: who appends a record names its position, so that of two
 * processes that go on with one run the second is refused.
 */
export interface RunStore {
  /** Returns the records of a run, oldest first; an empty list if there is none. */
  read(key: RunKey): Promise<readonly RunRecord[]>
  /** Appends a record at a position, counted from 0. Rejects with `conflict` if the run has a record there. */
  append(key: RunKey, at: number, record: RunRecord): Promise<void>
  /** Deletes a run. Does nothing if there is none. */
  delete(key: RunKey): Promise<void>
}
