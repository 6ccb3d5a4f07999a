import { LlmError } from '../../../src/core/error.ts'
import { createLimiter, type LimitsConfig } from '../../../src/limits/index.ts'
import { createRedisLimitStore } from '../../../src/persistence/redis/index.ts'
import { connectRedis, type Library } from './clients.ts'
import { leave, processOptions, say, command } from './inside.ts'

export interface BurstOptions {
  readonly port: number
  readonly library: Library
  readonly calls: number
  readonly tokens: number
  readonly limits: LimitsConfig
}
export interface BurstResult {
  readonly granted: number
  readonly refused: Readonly<Record<string, number>>
}

// Sends all its calls at once on command, and says what became of them; then releases what it got.
const { port, library, calls, tokens, limits } = processOptions() as BurstOptions
const connected = await connectRedis(library, { port })
const store = createRedisLimitStore({ client: connected.client, onDown: 'fail-closed', timeoutMs: 10_000 })
const limiter = createLimiter({ limits, store })
await limiter.snapshot({})
say('ready')

await command()
const admit = (_: unknown, call: number) =>
  limiter.reserveOrWait({ user: `user-${call % 7}` }, { tokens }).catch((error: unknown) => error)
const outcomes = await Promise.all(Array.from({ length: calls }, admit))
const refused: Record<string, number> = {}
for (const outcome of outcomes) {
  if (!LlmError.is(outcome)) continue
  const what = `${outcome.kind} ${outcome.scope}`
  refused[what] = (refused[what] ?? 0) + 1
}
say({ granted: limiter.stats().open, refused } satisfies BurstResult)

await command()
for (const outcome of outcomes)
  if (typeof outcome === 'object' && outcome !== null && 'release' in outcome)
    (outcome as { release(): void }).release()
await store.close()
say(limiter.stats().storeFailures)
await connected[Symbol.asyncDispose]()
leave()
