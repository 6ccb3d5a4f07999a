import type { CooldownSync } from '../../resilience/index.ts'
import { checkOptions } from '../../core/options.ts'
import {
  BroadcastChannel,
  broadcastSchema,
  type RedisBroadcastOptions,
  type RedisBroadcastStats,
} from './broadcast.ts'

export interface RedisCooldownSync extends CooldownSync {
  stats(): RedisBroadcastStats
}

/**
 * Creates a cooldown sync over Redis. The cooldown of a rate-limited provider or key reaches running processes at once,
 * and processes that start before it ends.
 */
export function createRedisCooldownSync(options: RedisBroadcastOptions): RedisCooldownSync {
  checkOptions('createRedisCooldownSync', broadcastSchema, options)
  const channel = new BroadcastChannel(options, 'rests', 'cooldowns')
  return {
    publish: ({ subject, cooldownMs, reason }) =>
      channel.publish({ target: subject, openMs: cooldownMs, reason }),
    subscribe: (listener) =>
      channel.subscribe(({ target, openMs, reason }) =>
        listener({ subject: target, cooldownMs: openMs, reason }),
      ),
    stats: () => channel.stats(),
    close: () => channel.close(),
  }
}
