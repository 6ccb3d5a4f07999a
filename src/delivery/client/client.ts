import { ChatSession } from './chat-session.ts'
import type { ChatClient } from './chat-client.ts'
import { readLimits, type ChatClientOptions } from './options.ts'

/** Makes a client for one conversation. Throws `misconfigured` naming the option that is wrong. */
export function createChatClient(options: ChatClientOptions): ChatClient {
  const chat = new ChatSession(options, readLimits(options))
  return {
    ready: chat.ready,
    getState: () => chat.board.state,
    subscribe: (listener) => chat.board.subscribe(listener),
    send: (text, more) => chat.send(text, more),
    stop: () => chat.stop(),
    retry: () => chat.retry(),
    dismissError: () => chat.dismissError(),
    cancelQueued: (messageId) => chat.unqueue(messageId),
    notify: (message) => chat.notify(message),
    pause: () => chat.setPaused(true),
    resume: () => chat.setPaused(false),
    reset: (conversationId) => chat.reset(conversationId),
    dispose: () => chat.dispose(),
  }
}
