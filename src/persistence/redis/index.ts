export type { IoRedis, ListeningRedisClient, NodeRedis, RedisClient } from './client.ts'
export {
  createRedisLimitStore,
  type RedisLimitEvent,
  type RedisLimitStats,
  type RedisLimitStore,
  type RedisLimitStoreOptions,
} from './limit-store.ts'
export {
  createRedisBreakerSync,
  type RedisBreakerSync,
  type RedisBreakerSyncOptions,
  type RedisBreakerSyncStats,
} from './breaker-sync.ts'
export { createRedisSlots, type RedisSlots, type RedisSlotsOptions, type RedisSlotsStats } from './slots.ts'
export { createRedisCooldownSync, type RedisCooldownSync } from './cooldown-sync.ts'
export type { RedisBroadcastOptions, RedisBroadcastStats } from './broadcast.ts'
export type { SlotStore, SlotCap, SlotLease, SlotRefusal } from '../../queue/index.ts'
export {
  createRedisStreamLog,
  type RedisStreamLog,
  type RedisStreamLogOptions,
  type RedisStreamLogStats,
} from './stream-log.ts'
