import type { BreakerSync } from '../../resilience/index.ts'
import { BroadcastChannel, type RedisBroadcastOptions, type RedisBroadcastStats } from './broadcast.ts'

export type RedisBreakerSyncOptions = RedisBroadcastOptions
export type RedisBreakerSyncStats = RedisBroadcastStats

export interface RedisBreakerSync extends BreakerSync {
  stats(): RedisBreakerSyncStats
}

/** Shares breakers' trips over Redis: at once with the processes that run, and with those that start while one is open. */
export function createRedisBreakerSync(options: RedisBreakerSyncOptions): RedisBreakerSync {
  const board = new BroadcastChannel(options, 'trips', 'breakers')
  return {
    publish: (trip) => board.publish(trip),
    subscribe: (listener) => board.subscribe(listener),
    stats: () => board.stats(),
    close: () => board.close(),
  }
}
