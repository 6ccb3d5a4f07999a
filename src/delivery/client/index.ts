export { createChatClient } from './client.ts'
export type { ChatClient, SendOptions } from './chat-client.ts'
export type { BodyParts, ChatClientOptions, ReconnectOptions } from './options.ts'
export type { ChatConnection, ChatState, ChatStatus } from './state.ts'
export {
  applyFrames,
  totalUsage,
  type ChatFile,
  type ChatMessage,
  type ChatPart,
  type ChatProblem,
  type ChatToolPart,
} from './message.ts'
export { readFrame, type ChatFrame, type FrameError } from './frame.ts'
export { createSseParser, type SseEvent, type SseParser } from './sse-parser.ts'
export { historyOf } from './history.ts'
export { escapeHtml, safeLink } from './html.ts'
export { browserPage, type PageSignals } from './page.ts'
export {
  webStorage,
  type ChatSnapshot,
  type ChatStore,
  type OpenAnswer,
  type QueuedMessage,
  type TextStorage,
} from './store.ts'
export type { Endpoint, HeaderSource, RunPosition } from './request.ts'
export type { ThrottleOptions } from './throttle.ts'
export { LlmError, type ErrorKind } from '../../core/error.ts'
