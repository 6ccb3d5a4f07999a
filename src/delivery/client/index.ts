export { createChatClient } from './chat-session.ts'
export type { ChatClient, ToolDecision } from './chat-client.ts'
export type { BodyParts, ChatClientOptions, ReconnectOptions, SendOptions } from './options.ts'
export type { ChatConnection, ChatState, ChatStatus } from './state.ts'
export {
  reduceFrames,
  toolsOf,
  totalUsage,
  type ChatFile,
  type ChatMessage,
  type ChatPart,
  type ChatError,
  type ChatToolPart,
} from './message-reducer.ts'
export { readFrame, type ChatFrame, type FrameError } from './frame.ts'
export { createSseParser, type SseEvent, type SseParser } from './sse-parser.ts'
export { historyOf } from './history.ts'
export { escapeHtml, safeLink } from './html.ts'
export { browserPage, type PageVisibility } from './page-visibility.ts'
export {
  webStorage,
  type ChatSnapshot,
  type SnapshotStorage,
  type OpenAnswer,
  type QueuedMessage,
  type TextStorage,
} from './snapshot-storage.ts'
export type { Endpoint, HeaderSource, RunPosition } from './request.ts'
export type { ThrottleOptions } from './throttle.ts'
export { LlmError, type ErrorKind } from '../../core/error.ts'
