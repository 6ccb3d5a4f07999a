import { createRedisSlots, type SlotCap, type SlotLease } from '../../../src/persistence/redis/index.ts'
import { connectRedis, type Library } from './clients.ts'
import { leave, processOptions, say, told } from './inside.ts'

export interface HolderOptions {
  readonly port: number
  readonly library: Library
  readonly leaseMs: number
  readonly calls: number
  readonly caps: readonly SlotCap[]
}

// Asks for all its slots at once when told to, says how many it got, and holds them until it is told again.
const { port, library, leaseMs, calls, caps } = processOptions() as HolderOptions
const connected = await connectRedis(library, { port })
const slots = createRedisSlots({
  client: connected.client,
  onDown: 'fail-closed',
  leaseMs,
  timeoutMs: 10_000,
})
say('ready')

await told()
const answers = await Promise.all(Array.from({ length: calls }, () => slots.take(caps)))
const leases = answers.filter((answer): answer is SlotLease => answer.taken)
say(leases.length)

await told()
for (const lease of leases) lease.release()
await slots.close()
await connected[Symbol.asyncDispose]()
leave()
