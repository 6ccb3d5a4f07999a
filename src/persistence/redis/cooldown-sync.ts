import type { CooldownSync } from '../../resilience/index.ts'
import { BroadcastChannel, type RedisBroadcastOptions, type RedisBroadcastStats } from './broadcast.ts'

export interface RedisCooldownSync extends CooldownSync {
  stats(): RedisBroadcastStats
}

/** Shares over Redis for how long providers and keys rest that were limited: at once, and with processes that start meanwhile. */
export function createRedisCooldownSync(options: RedisBroadcastOptions): RedisCooldownSync {
  const board = new BroadcastChannel(options, 'rests', 'rests')
  return {
    publish: ({ subject, cooldownMs: restMs, reason }) =>
      board.publish({ target: subject, openMs: restMs, reason }),
    subscribe: (listener) =>
      board.subscribe(({ target, openMs, reason }) =>
        listener({ subject: target, cooldownMs: openMs, reason }),
      ),
    stats: () => board.stats(),
    close: () => board.close(),
  }
}
