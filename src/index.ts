import { createBareOrchestrator } from './create-orchestrator.ts'
import type { ChatApiCall, Orchestrator } from './orchestrator/index.ts'

// Without options, and without state but for its figures: what every application may share.
const bare: Orchestrator = /* @__PURE__ */ createBareOrchestrator()

/** One neutral call, to any provider. See {@link ChatRequest} for its fields; `stream: true` resolves to a {@link ChatStream}. */
export const chatApiCall: ChatApiCall = bare.chatApiCall
/** Embeds texts with any provider that has embeddings. Rejects with `unsupported` otherwise. */
export const embed: Orchestrator['embed'] = bare.embed
/** Asks a provider's moderation endpoint. Rejects with `unsupported` if the provider has none. */
export const moderate: Orchestrator['moderate'] = bare.moderate
/** Lists the models of a provider. Rejects with `unsupported` if the provider has no list. */
export const listModels: Orchestrator['listModels'] = bare.listModels
/** Counts the input tokens of a chat request: by the vendor's endpoint if it has one, or else by an estimate. */
export const countTokens: Orchestrator['countTokens'] = bare.countTokens

export { createOrchestrator } from './create-orchestrator.ts'
export type { OrchestratorEvent, OrchestratorOptions } from './create-orchestrator.ts'
export type { ChatApiCall, Orchestrator, OrchestratorStats, ProviderConfig } from './orchestrator/index.ts'
export { catalogue } from './providers/index.ts'

export { defineProvider, type ProviderDefinition } from './core/provider.ts'
export { defineTool } from './core/tool.ts'
export type { DefinedTool, ToolDefinition } from './core/tool-types.ts'
export type { FromJsonSchema, SchemaInput, SchemaOutput } from './core/schema-types.ts'
export type { KnownModel, KnownProvider, ModelId, ProviderId } from './core/model-ids.ts'
export type { CallOf, ObjectFor, TypedRequest } from './core/reply-types.ts'
export { Secret, type KeySource } from './core/secret.ts'
export type { CredentialSource } from './core/credentials.ts'
export type { Registry } from './core/registry.ts'
export type { Fallback } from './core/fallback.ts'
export { LlmError, errorTable, type ErrorKind, type ErrorTraits } from './core/error.ts'
export type { Issue } from './core/error.ts'
export { isContent, type EventBatch, type StreamEvent } from './core/event.ts'
export type { ChatStream } from './stream/index.ts'

export type { Call } from './core/call.ts'
export type { Feature } from './core/feature.ts'
export type { ResponseStream } from './core/response-stream.ts'
export { createResponse } from './core/whole-response.ts'
export { stageOrder, type Next, type Stage } from './core/stage.ts'

export type {
  CallOptions,
  ChatRequest,
  EmbedRequest,
  MessageInput,
  ModerateRequest,
  ReasoningEffort,
  ResponseFormat,
  Schema,
  Settings,
  StreamLimits,
  Timeouts,
  Tool,
  AllowedTools,
  ToolChoice,
  ToolContext,
} from './core/request.ts'
export type { ParentCall } from './core/parent-call.ts'
export type {
  Attempt,
  ChatResponse,
  Citation,
  FinishReason,
  GeneratedFile,
  RawExchange,
  Usage,
  Warning,
} from './core/response.ts'
export type {
  AssistantMessage,
  AssistantPart,
  AudioPart,
  FilePart,
  ImagePart,
  Message,
  ReasoningPart,
  ServerToolPart,
  SystemMessage,
  TextPart,
  ToolCall,
  ToolCallPart,
  ToolMessage,
  UserMessage,
  UserPart,
} from './core/message.ts'
export type { ProviderOptions, WireOptions } from './core/provider-options.ts'
export type { ServerTool, ServerToolType } from './core/server-tool.ts'
export type { EmbedResponse } from './core/embedding.ts'
export type { ModelInfo } from './core/model-list.ts'
export type { TokenCount } from './core/token-count.ts'
export type { ModelFacts, ModelTable, OwnFacts } from './core/model-facts.ts'
export type { TargetExplanation } from './orchestrator/index.ts'
export type { ModerateResponse, ModerationResult } from './core/moderation.ts'
export type { JsonObject, JsonValue } from './core/json.ts'
export type { Clock } from './core/clock.ts'
export type { Logger } from './core/log.ts'
export type { Transport } from './core/wire.ts'

export type { CostOf, LimitsConfig } from './limits/index.ts'
export type { QueueConfig } from './queue/index.ts'
export type { ModerationOptions } from './moderation/index.ts'
export { type TargetHealth } from './resilience/index.ts'
