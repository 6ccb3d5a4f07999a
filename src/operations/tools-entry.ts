export {
  choose,
  decide,
  extract,
  type AskOnce,
  type ChooseRequest,
  type Extracted,
  type ExtractRequest,
} from './extract.ts'
export { arrayElements, partialObjects, type AnswerValues, type ObjectStream } from './partial-objects.ts'
export { runTools, type RunToolsOptions } from './run-tools.ts'
export { defineTool } from '../core/tool.ts'
export {
  costReached,
  createApprovals,
  createMemoryRunStore,
  createToolRegistry,
  deferred,
  lazyTools,
  runTaken,
  searchTool,
  stepCount,
  tokensUsed,
  toolCalled,
  zodFromJsonSchema,
} from '../tools/index.ts'
export type {
  AgentUsage,
  Approvals,
  ApprovalsOptions,
  Decision,
  DecisionInput,
  Deferred,
  FoundTool,
  GivenResult,
  LazyTools,
  LazyToolsOptions,
  ModelStream,
  PendingCall,
  RunKey,
  RunOptions,
  RunProgress,
  RunRecord,
  RunRequest,
  RunResponse,
  RunState,
  RunStatus,
  RunStep,
  RunStore,
  SearchToolOptions,
  StepSettings,
  StopCondition,
  ToolOutcome,
  ToolQuery,
  ToolRegistry,
  ToolRegistryOptions,
  ToolResult,
  TypedRunRequest,
  ZodFromJsonSchemaOptions,
  ZodLibrary,
} from '../tools/index.ts'
export type { DeepPartial, ItemAt, ListPath } from '../core/partial-types.ts'
export type { GivenFormat, GivenTools } from '../core/reply-types.ts'
export type { Replied } from '../orchestrator/index.ts'
