export { createOpenAIHandler } from './openai-handler.ts'
export type { CallEnd, CallInfo, EndpointName, ModelTarget, OpenAIHandlerOptions } from './handler-options.ts'
export {
  toNodeHandler,
  type NodeHandler,
  type NodeHandlerOptions,
  type RawReply,
  type RawRequest,
  type WebHandler,
} from './node-handler.ts'
export type {
  CallerAccess,
  AccessLimits,
  Authorize,
  CorsOptions,
  CsrfOptions,
  CsrfToken,
  GuardOptions,
  AccessExpiryPolicy,
} from './guards/index.ts'
export {
  createChatHandler,
  type ChatContext,
  type ChatHandler,
  type ChatHandlerOptions,
  type ChatInput,
  type ChatProtocol,
  type ChatBackend,
  type ChatServiceTarget,
  type ChatSettings,
  type ChatTarget,
  type PageAllowance,
  type SampledSetting,
  type Respond,
  type TurnReply,
} from './chat-handler/index.ts'
export {
  createRunHub,
  saveComplete,
  savePartial,
  memoryStreamLog,
  type EndReason,
  type DisconnectPolicy,
  type LogBounds,
  type StreamLogEntry,
  type LogInfo,
  type MemoryStreamLogOptions,
  type ReplyStream,
  type RunEnd,
  type RunHub,
  type RunHubOptions,
  type RunHubStats,
  type RunMetrics,
  type RunReader,
  type StreamRunRequest,
  type StreamRunState,
  type StreamRunStatus,
  type RunTotals,
  type SavePolicy,
  type SaveDecision,
  type StartedRun,
  type StreamLog,
  type ToolStatus,
} from '../runs/index.ts'
export { streamingBody, type BodyEnd, type StreamingBodyOptions } from './streaming-body.ts'
export type { BatchSource } from './batch-source.ts'
export {
  agUiEncoder,
  ndjsonEncoder,
  plainErrorBody,
  plainSseEncoder,
  plainTextEncoder,
  uiMessageEncoder,
  type PlainSseOptions,
} from '../encoders/index.ts'
export type { Encoder, EncoderOptions, ErrorAnswer, StreamEnd } from '../../protocols/index.ts'
export {
  anthropicErrorBody,
  anthropicMessagesEncoder,
  renderAnthropicMessage,
} from '../../protocols/anthropic-messages/index.ts'
export {
  openaiChatEncoder,
  openaiErrorBody,
  renderOpenaiChat,
  type OpenAIChatOptions,
} from '../../protocols/openai-chat/index.ts'
export { openaiResponsesEncoder, renderOpenaiResponse } from '../../protocols/openai-responses/index.ts'
