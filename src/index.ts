import { createOrchestrator } from './create-orchestrator.ts'
import type { ChatApiCall, Orchestrator } from './orchestrator/index.ts'

// Without options, and without state but for its figures: what every host may share.
const bare: Orchestrator = /* @__PURE__ */ createOrchestrator()

/** One neutral call, to any provider. See {@link ChatRequest} for what it takes; `stream: true` resolves to a {@link ChatStream}. */
export const chatApiCall: ChatApiCall = bare.chatApiCall
/** Vectors of texts, from any provider that has them. */
export const embed: Orchestrator['embed'] = bare.embed
/** A judgement by a provider's moderation endpoint. */
export const moderate: Orchestrator['moderate'] = bare.moderate
/** The models that a provider lists. */
export const listModels: Orchestrator['listModels'] = bare.listModels

export { createOrchestrator } from './create-orchestrator.ts'
export type { OrchestratorEvent, OrchestratorOptions } from './create-orchestrator.ts'
export type { ChatApiCall, Orchestrator, OrchestratorStats, ProviderConfig } from './orchestrator/index.ts'
export {
  defineProvider,
  type Auth,
  type HeaderAuth,
  type ModelCapabilities,
  type ProviderDefinition,
  type ProviderPaths,
  type ProviderVariable,
  type SigningAuth,
} from './core/provider.ts'
export type { CredentialSource, SigningCredentials } from './core/credentials.ts'
export { defineTool } from './core/tool.ts'
export {
  LlmError,
  errorTable,
  type ErrorKind,
  type ErrorTraits,
  type Issue,
  type TimeoutPhase,
} from './core/error.ts'
export {
  defaultInputLimits,
  unsafePatterns,
  type InputLimits,
  type MessageRole,
  type UnsafePattern,
} from './limits/index.ts'
export { isConversationId, isPersonaName } from './core/validate-id.ts'
export { Secret, type KeySource } from './core/secret.ts'
export { createRegistry, type Registry, type Target } from './core/registry.ts'
export { collectResponse, responseToEvents } from './core/accumulate-response.ts'
export { isContent } from './core/event.ts'
export { systemClock, type Clock } from './core/clock.ts'
export { catalogue } from './providers/index.ts'
export {
  bedrockCohereEmbeddings,
  cohereEmbeddings,
  commonEmbeddings,
  geminiEmbeddings,
  moderationApi,
  ollamaEmbeddings,
  openaiChat,
  titanEmbeddings,
  predictEmbeddings,
  type EmbeddingOptions,
  type OpenAIChatQuirks,
} from './dialects/index.ts'
export { anthropicMessages, type AnthropicMessagesQuirks } from './dialects/index.ts'
export { bedrockConverse, type BedrockConverseQuirks } from './dialects/index.ts'
export { cohere, type CohereQuirks } from './dialects/index.ts'
export { gemini, type GeminiQuirks } from './dialects/index.ts'
export { commonMarks, koboldGenerate, type KoboldQuirks, type RoleMarks } from './dialects/index.ts'
export { ollamaChat, type OllamaQuirks } from './dialects/index.ts'

export { openaiResponses, type OpenAIResponsesQuirks } from './dialects/index.ts'
export { createFetchTransport } from './transport/index.ts'
export { estimateTokens } from './core/tokens.ts'
export type { ChatStream } from './stream/index.ts'
export type { EventBatch, StreamEvent } from './core/event.ts'
export type { Dialect, Fault, Fragment, Quirks, Reader, RenderInput, ToolFragment } from './core/dialect.ts'
export type {
  LoadBalancing,
  BreakerEvent,
  BreakerOptions,
  BreakerState,
  BreakerSync,
  BreakerOpening,
  HealthChange,
  HealthMonitor,
  HealthMonitorOptions,
  HealthSource,
  HealthStatus,
  Cooldown,
  CooldownSync,
  RetryBudgetOptions,
  RetryOptions,
  TargetHealth,
} from './resilience/index.ts'
export { createHealthMonitor } from './resilience/index.ts'
export {
  createQueue,
  type CallQueue,
  type QueueConfig,
  type QueueEvent,
  type QueueJob,
  type QueueOptions,
  type QueueStatus,
  type SlotStore,
  type Slot,
  type SlotCap,
  type SlotLease,
  type SlotRefusal,
} from './queue/index.ts'
export type {
  BucketCharge,
  BucketDelta,
  Budget,
  CounterCharge,
  CounterDelta,
  LayerLimits,
  LimitEvent,
  LimitsConfig,
  LimitStore,
  StoreGrant,
  StoreReading,
  StoreRefusal,
  StoreRequest,
} from './limits/index.ts'
export {
  createLimiter,
  createMemoryLimitStore,
  limitPresets,
  type CostOf,
  type Limiter,
} from './limits/index.ts'
export type { EmbeddingApi, EmbeddingInput, EmbedResponse } from './core/embedding.ts'
export type { ModelInfo, ModelListApi } from './core/model-list.ts'
export type { ModerateResponse, ModerationApi, ModerationResult } from './core/moderation.ts'
export type {
  ModerationEvent,
  ModerationOptions,
  ModerationOverride,
  DirectionOptions,
  Moderator,
  TopicMonitor,
} from './moderation/index.ts'
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
  CallOptions,
  ChatRequest,
  EmbedRequest,
  ModerateRequest,
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
  TransportOptions,
  Transport,
  HttpResponse,
  HttpRequest,
} from './core/wire.ts'
