import type { BreakerSync } from '../../resilience/index.ts'
import { checkOptions } from '../../core/options.ts'
import {
  BroadcastChannel,
  broadcastSchema,
  type RedisBroadcastOptions,
  type RedisBroadcastStats,
} from './broadcast.ts'

export type RedisBreakerSyncOptions = RedisBroadcastOptions
export type RedisBreakerSyncStats = RedisBroadcastStats

export interface RedisBreakerSync extends BreakerSync {
  stats(): RedisBreakerSyncStats
}

/**
 * Creates a breaker sync over Redis. An open breaker reaches running processes at once, and processes that start while
 * it is open.
 */
export function createRedisBreakerSync(options: RedisBreakerSyncOptions): RedisBreakerSync {
  checkOptions('createRedisBreakerSync', broadcastSchema, options)
  const channel = new BroadcastChannel(options, 'trips', 'breakers')
  return {
    publish: (opened) => channel.publish(opened),
    subscribe: (listener) => channel.subscribe(listener),
    stats: () => channel.stats(),
    close: () => channel.close(),
  }
}
