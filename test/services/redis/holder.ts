import { createRedisSlots, type SlotCap, type SlotLease } from '../../../src/persistence/redis/index.ts'
import { connectRedis, type Library } from './clients.ts'
import { leave, processOptions, say, command } from './inside.ts'

export interface HolderOptions {
  readonly port: number
  readonly library: Library
  readonly leaseMs: number
  readonly calls: number
  readonly caps: readonly SlotCap[]
}

// Asks for all its slots at once on command, says how many it got, and holds them until the next command.
const { port, library, leaseMs, calls, caps } = processOptions() as HolderOptions
const connected = await connectRedis(library, { port })
const slots = createRedisSlots({
  client: connected.client,
  onDown: 'fail-closed',
  leaseMs,
  timeoutMs: 10_000,
})
say('ready')

await command()
const answers = await Promise.all(Array.from({ length: calls }, () => slots.take(caps)))
const leases = answers.filter((answer): answer is SlotLease => answer.taken)
say(leases.length)

await command()
for (const lease of leases) lease.release()
await slots.close()
await connected[Symbol.asyncDispose]()
leave()
