import type { LimitsConfig } from './config.ts'

/** Names of the preset configs. */
export type LimitPresets = Readonly<
  Record<'chatService' | 'perIp' | 'chat' | 'embeddings' | 'general' | 'socketEvents', LimitsConfig>
>

/**
 * Preset configs, to pass on or to spread and change. Except for `chatService`, a bucket holds no more than its limit.
 */
export const limitPresets: LimitPresets = {
  /**
   * For a chat service: 60 requests per minute in total, 20 per user and 10 per conversation; 10 000 tokens per minute
   * and user.
   */
  chatService: {
    global: { requestsPerMinute: 60 },
    user: { requestsPerMinute: 20, tokensPerMinute: 10_000 },
    conversation: { requestsPerMinute: 10 },
    burst: 1.5,
  },
  /** 5 requests per minute and IP address, which is passed as the tag `ip`. */
  perIp: { ip: { requestsPerMinute: 5 }, burst: 1 },
  /** 20 chat requests per minute and user. */
  chat: { user: { requestsPerMinute: 20 }, burst: 1 },
  /** 20 embedding requests per minute and user. */
  embeddings: { user: { requestsPerMinute: 20 }, burst: 1 },
  /** Any request: 10 per minute and user. */
  general: { user: { requestsPerMinute: 10 }, burst: 1 },
  /** Socket events per minute and user. Pass the user's id as a tag named after the event. */
  socketEvents: {
    'session:join': { requestsPerMinute: 5 },
    'message:send': { requestsPerMinute: 30 },
    'message:edit': { requestsPerMinute: 20 },
    'typing:start': { requestsPerMinute: 100 },
    'stream:request': { requestsPerMinute: 10 },
    burst: 1,
  },
}
