export { createChatHandler, type ChatHandler } from './chat-handler.ts'
export type { ChatInput, ChatSettings } from './chat-input.ts'
export type { ChatContext, ChatHandlerOptions, ChatBackend, ChatTarget, Respond } from './options.ts'
export type { ChatProtocol } from './protocol.ts'
