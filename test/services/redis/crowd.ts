import { createQueue } from '../../../src/queue/index.ts'
import { createRedisSlots } from '../../../src/persistence/redis/index.ts'
import { connectRedis, type Library } from './clients.ts'
import { leave, processOptions, say, command } from './inside.ts'
import { pause } from './time.ts'

export interface CrowdOptions {
  readonly port: number
  readonly library: Library
  readonly calls: number
  readonly concurrency: number
}

export interface CrowdReport {
  readonly done: number
  /** The most that ran at once, in all processes, as Redis counted them. */
  readonly most: number
}

// Sends all its calls through a queue whose slots are shared.
const { port, library, calls, concurrency } = processOptions() as CrowdOptions
const connected = await connectRedis(library, { port })
const slots = createRedisSlots({ client: connected.client, onDown: 'fail-closed', timeoutMs: 10_000 })
const queue = createQueue({ queue: { concurrency, slots, maxPending: calls } })
say('ready')

await command()
let most = 0
const all = Array.from({ length: calls }, () =>
  queue.run({}, async () => {
    most = Math.max(most, Number(await connected.send('INCR', 'in-flight')))
    await pause(3)
    await connected.send('DECR', 'in-flight')
  }),
)
const done = (await Promise.allSettled(all)).filter(({ status }) => status === 'fulfilled').length
await queue.close()
await slots.close()
say({ done, most } satisfies CrowdReport)

await command()
await connected[Symbol.asyncDispose]()
leave()
