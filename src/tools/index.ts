export { createApprovals, type ApprovalsOptions } from './approvals.ts'
export type { Approvals, Decision, DecisionInput, PendingCall } from './approval-types.ts'
export { costReached, stepCount, tokensUsed, toolCalled } from './conditions.ts'
export { deferred, type Deferred } from './deferred.ts'
export { askAgain, misfitOf } from './repair-answer.ts'
export { joinResponses } from './join-responses.ts'
export {
  lazyTools,
  searchTool,
  type FoundTool,
  type LazyTools,
  type LazyToolsOptions,
  type SearchToolOptions,
} from './lazy-tools.ts'
export {
  createToolRegistry,
  type ToolQuery,
  type ToolRegistry,
  type ToolRegistryOptions,
} from './registry.ts'
export { runLoop, type LoopRun, type ModelStream } from './run-loop.ts'
export type { RunKey, RunRecord, RunStore } from './run-records.ts'
export { createMemoryRunStore, runTaken } from './run-store.ts'
export type {
  GivenResult,
  RunOptions,
  RunProgress,
  RunRequest,
  RunResponse,
  RunState,
  RunStatus,
  RunStep,
  StepSettings,
  StopCondition,
  ToolResult,
  TypedRunRequest,
} from './run-types.ts'
export { startRun, type StartedRun } from './start-run.ts'
export { shownTools, usableTools } from './tool-list.ts'
export { innerRunOf, type InnerRun } from './inner-run.ts'
export { failed, returned, type AgentUsage, type ToolOutcome } from './tool-outcome.ts'
export type { RunCaller } from './tool-run.ts'
export { ToolRunner, type DecidedCall } from './tool-runner.ts'
export { withJsonSchema } from './with-json-schema.ts'
export { zodFromJsonSchema, type ZodFromJsonSchemaOptions, type ZodLibrary } from './zod-from-json-schema.ts'
