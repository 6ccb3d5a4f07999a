import type { LimitsConfig } from './config.ts'

/** The names of the ready configs. */
export type LimitPresets = Readonly<
  Record<'chatService' | 'perIp' | 'chat' | 'embeddings' | 'general' | 'socketEvents', LimitsConfig>
>

/**
 * Ready configs, each to be passed as it is or spread and changed. One without a word on bursts holds no more than its
 * limit at once.
 */
export const limitPresets: LimitPresets = {
  /** A chat service: 60, 20 and 10 requests per minute in all, per user and per conversation; 10 000 tokens per user. */
  chatService: {
    global: { requestsPerMinute: 60 },
    user: { requestsPerMinute: 20, tokensPerMinute: 10_000 },
    conversation: { requestsPerMinute: 10 },
    burst: 1.5,
  },
  /** 5 requests per minute and address; give it as the tag `ip`. */
  perIp: { ip: { requestsPerMinute: 5 }, burst: 1 },
  /** 20 chat requests per minute and user. */
  chat: { user: { requestsPerMinute: 20 }, burst: 1 },
  /** 20 embedding requests per minute and user. */
  embeddings: { user: { requestsPerMinute: 20 }, burst: 1 },
  /** Any request: 10 per minute and user. */
  general: { user: { requestsPerMinute: 10 }, burst: 1 },
  /** Socket events, per minute and user: give the user's id as a tag named after the event. */
  socketEvents: {
    'session:join': { requestsPerMinute: 5 },
    'message:send': { requestsPerMinute: 30 },
    'message:edit': { requestsPerMinute: 20 },
    'typing:start': { requestsPerMinute: 100 },
    'stream:request': { requestsPerMinute: 10 },
    burst: 1,
  },
}
