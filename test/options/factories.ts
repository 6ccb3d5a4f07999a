import {
  createOrchestrator,
  orchestratorSchema,
  type OrchestratorOptions,
} from '../../src/create-orchestrator.ts'
import * as core from '../../src/core-entry.ts'
import type { Group } from '../../src/core/schema.ts'
import { fakeStore } from './fakes.ts'
import * as limits from '../../src/limits/index.ts'
import * as moderation from '../../src/moderation/index.ts'
import { coreSchema, providerConfigSchema } from '../../src/orchestrator/index.ts'
import { createFileLimitStore } from '../../src/persistence/file-limits.ts'
import { createMemoryStore } from '../../src/persistence/memory.ts'
import { fileLimitStoreSchema } from '../../src/persistence/files/options.ts'
import { memoryStoreSchema } from '../../src/conversations/memory/options.ts'
import { pgliteStoreSchema } from '../../src/persistence/postgres/pglite-options.ts'
import { postgresStoreSchema } from '../../src/persistence/postgres/options.ts'
import { sqliteStoreSchema } from '../../src/persistence/sqlite/options.ts'
import { createPgliteStore } from '../../src/persistence/pglite.ts'
import { createPostgresStore } from '../../src/persistence/postgres.ts'
import { broadcastSchema } from '../../src/persistence/redis/broadcast.ts'
import * as redis from '../../src/persistence/redis/index.ts'
import { redisLimitStoreSchema } from '../../src/persistence/redis/limit-store.ts'
import { redisSlotsSchema } from '../../src/persistence/redis/slots.ts'
import { redisStreamLogSchema } from '../../src/persistence/redis/stream-log.ts'
import { createSqliteStore } from '../../src/persistence/sqlite.ts'
import * as queues from '../../src/queue/index.ts'
import * as resilience from '../../src/resilience/index.ts'
import { createPinoLogger, pinoLoggerSchema } from '../../src/telemetry/pino-logger.ts'
import { createUndiciTransport } from '../../src/transport/undici/index.ts'
import { undiciTransportSchema } from '../../src/transport/undici/options.ts'

/** A public function that takes options. */
export interface Factory {
  readonly name: string
  readonly schema: Group
  /** Options that are right, with all that is required, in nested groups too. Default: none. */
  readonly base?: object
  /** Path of the options in what the function takes. Default: they are its options object. */
  readonly lead?: string
  /** Calls the function with options, which it must refuse if they are wrong: it throws, or rejects. */
  make(options: never): unknown
}

const root = (options: unknown): unknown => createOrchestrator(options as OrchestratorOptions)
const attempts = {
  hedge: { afterMs: 5 },
  throughput: { charsPerSecond: 5 },
  retry: { budget: { share: 1 } },
}
const client = { evalSha: async () => '', eval: async () => '', duplicate: () => ({}) }
const watchlist = { id: 'a', scope: 'global', rules: [] }
const topics = (watchlists: readonly object[]): unknown =>
  moderation.createTopicMonitor({ watchlists } as never)

const composed: readonly Factory[] = [
  { name: 'createOrchestrator', schema: orchestratorSchema, base: attempts, make: root },
  {
    name: 'createOrchestrator providers.x',
    schema: providerConfigSchema,
    base: { extends: 'openai' },
    lead: 'providers.x',
    make: (x) => root({ providers: { x } }),
  },
  {
    name: 'createOrchestrator requestLimits',
    schema: limits.inputLimitsSchema,
    lead: 'requestLimits',
    make: (requestLimits) => root({ requestLimits }),
  },
  {
    name: 'createOrchestrator limits.tenant',
    schema: limits.layerSchema,
    lead: 'limits.tenant',
    make: (tenant) => root({ limits: { tenant } }),
  },
  {
    name: 'createOrchestrator limits.budgets',
    schema: limits.budgetSchema,
    base: { scope: 'user', per: 'day', tokens: 5 },
    lead: 'limits.budgets.0',
    make: (budget) => root({ limits: { budgets: [budget] } }),
  },
  {
    name: 'createOrchestrator moderation.input',
    schema: moderation.directionSchema,
    lead: 'moderation.input',
    make: (input) => root({ moderation: { input } }),
  },
  {
    name: 'createOrchestrator moderation.users',
    schema: moderation.overrideSchema,
    lead: 'moderation.users.ada',
    make: (ada) => root({ moderation: { users: { ada } } }),
  },
  {
    name: 'createOrchestrator moderation.pii',
    schema: moderation.piiSchema,
    lead: 'moderation.pii',
    make: (pii) => root({ moderation: { pii } }),
  },
  {
    name: '/core createOrchestrator',
    schema: coreSchema,
    make: (options) => core.createOrchestrator(options),
  },
]

const features: readonly Factory[] = [
  { name: 'rateLimits', schema: limits.limitsSchema, make: (options) => limits.rateLimits(options) },
  {
    name: 'rateLimits, where it counts',
    schema: limits.rateLimitsSchema,
    make: (options) => limits.rateLimits({}, options),
  },
  { name: 'inputLimits', schema: limits.inputLimitsSchema, make: (options) => limits.inputLimits(options) },
  { name: 'providerQuotas', schema: limits.quotasSchema, make: (options) => limits.providerQuotas(options) },
  { name: 'queue', schema: queues.queueSchema, make: (options) => queues.queue(options) },
  {
    name: 'attempts',
    schema: resilience.attemptsSchema,
    base: attempts,
    make: (options) => resilience.attempts(options),
  },
  {
    name: 'moderation',
    schema: moderation.moderationSchema,
    make: (options) => moderation.moderation(options),
  },
  {
    name: 'createLimiter',
    schema: limits.limiterSchema,
    base: { limits: {} },
    make: (options) => limits.createLimiter(options),
  },
  { name: 'createQueue', schema: queues.queueOptionsSchema, make: (options) => queues.createQueue(options) },
  {
    name: 'createHealthMonitor',
    schema: resilience.healthMonitorSchema,
    make: (options) => resilience.createHealthMonitor({ health: () => ({}) }, options),
  },
]

const moderators: readonly Factory[] = [
  {
    name: 'createRuleModerator',
    schema: moderation.ruleModeratorSchema,
    base: { rules: [] },
    make: (options) => moderation.createRuleModerator(options),
  },
  {
    name: 'createRuleModerator rules',
    schema: moderation.ruleSchema,
    base: { literal: 'x' },
    lead: 'rules.0',
    make: (rule) => moderation.createRuleModerator({ rules: [rule] }),
  },
  {
    name: 'createPiiModerator',
    schema: moderation.piiSchema,
    make: (options) => moderation.createPiiModerator(options),
  },
  {
    name: 'createEndpointModerator',
    schema: moderation.endpointModeratorSchema,
    base: { moderate: async () => ({}), provider: 'openai' },
    make: (options) => moderation.createEndpointModerator(options),
  },
  {
    name: 'createJudgeModerator',
    schema: moderation.judgeModeratorSchema,
    base: { ask: async () => ({ text: '' }), model: 'openai/m' },
    make: (options) => moderation.createJudgeModerator(options),
  },
  {
    name: 'createProfanityModerator',
    schema: moderation.profanityModeratorSchema,
    make: (options) => moderation.createProfanityModerator(options),
  },
  {
    name: 'createTopicMonitor',
    schema: moderation.topicMonitorSchema,
    base: { watchlists: [] },
    make: (options) => moderation.createTopicMonitor(options),
  },
  {
    name: 'createTopicMonitor watchlists',
    schema: moderation.watchlistSchema,
    base: watchlist,
    lead: 'watchlists.0',
    make: (list) => topics([list]),
  },
  {
    name: 'createTopicMonitor watchlists rules',
    schema: moderation.topicRuleSchema,
    base: { pattern: 'x' },
    lead: 'watchlists.0.rules.0',
    make: (rule) => topics([{ ...watchlist, rules: [rule] }]),
  },
  {
    name: 'createJsonlSink',
    schema: moderation.jsonlSinkSchema,
    make: (options) => moderation.createJsonlSink(() => undefined, options),
  },
  {
    name: 'createWebhookSink',
    schema: moderation.webhookSinkSchema,
    base: { url: 'https://example.com/hook' },
    make: (options) => moderation.createWebhookSink(options),
  },
]

const stores: readonly Factory[] = [
  { name: 'createMemoryStore', schema: memoryStoreSchema, make: (options) => createMemoryStore(options) },
  {
    name: 'createSqliteStore',
    schema: sqliteStoreSchema,
    base: { executor: fakeStore },
    make: (options) => createSqliteStore(options),
  },
  {
    name: 'createPostgresStore',
    schema: postgresStoreSchema,
    base: { connectionString: 'postgres://host/database' },
    make: (options) => createPostgresStore(options),
  },
  { name: 'createPgliteStore', schema: pgliteStoreSchema, make: (options) => createPgliteStore(options) },
  {
    name: 'createFileLimitStore',
    schema: fileLimitStoreSchema,
    base: { directory: 'limits' },
    make: (options) => createFileLimitStore(options),
  },
  {
    name: 'createRedisLimitStore',
    schema: redisLimitStoreSchema,
    base: { client, onDown: 'fail-open' },
    make: (options) => redis.createRedisLimitStore(options),
  },
  {
    name: 'createRedisSlots',
    schema: redisSlotsSchema,
    base: { client, onDown: 'fail-open' },
    make: (options) => redis.createRedisSlots(options),
  },
  {
    name: 'createRedisBreakerSync',
    schema: broadcastSchema,
    base: { client },
    make: (options) => redis.createRedisBreakerSync(options),
  },
  {
    name: 'createRedisCooldownSync',
    schema: broadcastSchema,
    base: { client },
    make: (options) => redis.createRedisCooldownSync(options),
  },
  {
    name: 'createRedisStreamLog',
    schema: redisStreamLogSchema,
    base: { client },
    make: (options) => redis.createRedisStreamLog(options),
  },
  { name: 'createPinoLogger', schema: pinoLoggerSchema, make: (options) => createPinoLogger(options) },
  {
    name: 'createUndiciTransport',
    schema: undiciTransportSchema,
    make: (options) => createUndiciTransport(options),
  },
]

/** The factories of the orchestrator, its features and its stores. */
export const factories: readonly Factory[] = [...composed, ...features, ...moderators, ...stores]
