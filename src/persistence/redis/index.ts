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
export {
  createRedisSlots,
  type RedisSlots,
  type RedisSlotsOptions,
  type RedisSlotsStats,
  type SharedSlots,
  type SlotCap,
  type SlotLease,
  type SlotRefusal,
} from './slots.ts'
