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
export { createRegistry, type Registry, type Target, type TargetReference } from './core/registry.ts'
export type { Dialect, Fault, Fragment, Quirks, Reader, RenderInput, ToolFragment } from './core/dialect.ts'
export type { EncodeMap, ParamExplanation, ParamMap, ParamRule, SettingName } from './core/params.ts'
export type { ServerToolForm, ServerToolTable } from './core/server-tool.ts'
export {
  commonImages,
  commonNames,
  shortCallIds,
  type Absent,
  type CacheRule,
  type CallIdRule,
  type ImageRule,
  type NameRule,
  type WireRules,
} from './core/fit/rules.ts'
export type { EmbeddingApi, EmbeddingInput } from './core/embedding.ts'
export type { ModelListApi } from './core/model-list.ts'
export type { ModerationApi } from './core/moderation.ts'
export type {
  ByteSource,
  Frame,
  FrameDecoder,
  Framing,
  HttpRequest,
  HttpResponse,
  Transport,
  TransportOptions,
} from './core/wire.ts'
export { collectResponse } from './core/accumulate-response.ts'
export { responseToEvents } from './core/response-events.ts'
export { isConversationId, isPersonaName } from './core/validate-id.ts'
export { systemClock, type Clock } from './core/clock.ts'
export { estimateTokens } from './core/tokens.ts'
export { createFetchTransport } from './transport/index.ts'
export {
  anthropicMessages,
  bedrockCohereEmbeddings,
  bedrockConverse,
  cohereChat,
  cohereEmbeddings,
  commonEmbeddings,
  commonMarks,
  gemini,
  geminiEmbeddings,
  koboldGenerate,
  moderationApi,
  ollamaChat,
  ollamaEmbeddings,
  openaiChat,
  openaiResponses,
  predictEmbeddings,
  titanEmbeddings,
  type AnthropicMessagesQuirks,
  type BedrockConverseQuirks,
  type CohereQuirks,
  type EmbeddingOptions,
  type GeminiQuirks,
  type KoboldQuirks,
  type OllamaQuirks,
  type OpenAIChatQuirks,
  type OpenAIResponsesQuirks,
  type RoleMarks,
} from './dialects/index.ts'
