import type { StreamEvent } from '../core/event.ts'
import type { ToolContext } from '../core/request.ts'
import type { RunStore } from './run-records.ts'
import type { AgentUsage } from './tool-outcome.ts'

const INNER: unique symbol = Symbol.for('llm-switchyard.inner-run')

/** How a tool that runs an agent reports to the run that called it. */
export interface InnerRun {
  /** Keeps the records of the run, and those of runs inside of it. */
  readonly runs?: RunStore | undefined
  /** Sends an event of the agent to the readers of the run. */
  tell(event: StreamEvent): void
  /** Adds what the agent used to the run. */
  spend(spent: AgentUsage): void
}

/** Adds to the context of a tool how it reports what runs inside of it. */
export function withInnerRun(context: ToolContext, inner: InnerRun): ToolContext {
  return Object.defineProperty({ ...context }, INNER, { value: inner })
}

/** How the tool with this context reports; `undefined` if it was called outside of a run. */
export function innerRunOf(context: ToolContext): InnerRun | undefined {
  return (context as { readonly [INNER]?: InnerRun })[INNER]
}
