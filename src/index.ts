import { createOrchestrator, type ChatApiCall } from './orchestrator/index.ts'

/** One neutral call, to any provider. See {@link ChatRequest} for what it takes; `stream: true` resolves to a {@link ChatStream}. */
export const chatApiCall: ChatApiCall = /* @__PURE__ */ createOrchestrator().chatApiCall

export { createOrchestrator } from './orchestrator/index.ts'
export type {
  ChatApiCall,
  Orchestrator,
  OrchestratorOptions,
  OrchestratorStats,
  ProviderConfig,
} from './orchestrator/index.ts'
export { defineProvider, type Auth, type ModelTraits, type ProviderDefinition } from './core/provider.ts'
export { defineTool } from './core/tool.ts'
export {
  LlmError,
  errorTable,
  type ErrorKind,
  type ErrorTraits,
  type Issue,
  type TimeoutPhase,
} from './core/error.ts'
export { Secret, type KeySource } from './core/secret.ts'
export { createRegistry, type Registry, type Target } from './core/registry.ts'
export { collect, replay } from './core/collect.ts'
export { isContent } from './core/event.ts'
export { systemClock, type Clock } from './core/clock.ts'
export { catalogue } from './providers/index.ts'
export { openaiChat, type OpenAIChatQuirks } from './dialects/index.ts'
export { createFetchTransport } from './transport/index.ts'
export { estimateTokens } from './observability/index.ts'
export type { ChatStream } from './stream/index.ts'
export type { Batch, StreamEvent } from './core/event.ts'
export type { Dialect, Fault, Fragment, Quirks, Reader, RenderInput, ToolFragment } from './core/dialect.ts'
export type { JsonObject, JsonValue } from './core/json.ts'
export type { Logger } from './core/log.ts'
export type {
  AssistantMessage,
  AssistantPart,
  AudioPart,
  FilePart,
  ImagePart,
  Message,
  ReasoningPart,
  SystemMessage,
  TextPart,
  ToolCall,
  ToolCallPart,
  ToolMessage,
  UserMessage,
  UserPart,
} from './core/message.ts'
export type { EncodeMap, ParamExplanation, ParamMap, ParamRule, SettingName } from './core/params.ts'
export type {
  ChatRequest,
  MessageInput,
  ReasoningEffort,
  ReasoningSetting,
  ResponseFormat,
  Schema,
  Settings,
  StandardSchema,
  StreamLimits,
  Timeouts,
  Tool,
  ToolChoice,
  ToolContext,
} from './core/request.ts'
export type {
  Attempt,
  ChatResponse,
  Choice,
  Citation,
  FinishReason,
  GeneratedFile,
  TokenLogprob,
  Usage,
  Warning,
} from './core/response.ts'
export type {
  Frame,
  FrameDecoder,
  Framing,
  SendOptions,
  Transport,
  WireReply,
  WireRequest,
} from './core/wire.ts'
