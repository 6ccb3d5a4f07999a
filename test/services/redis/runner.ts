import { createRunHub } from '../../../src/delivery/runs/index.ts'
import { createRedisStreamLog } from '../../../src/persistence/redis/index.ts'
import { createUpstream, finish, text } from '../../delivery/runs/sources.ts'
import { connectRedis, type Library } from './clients.ts'
import { leave, processOptions, say } from './inside.ts'

export interface RunnerOptions {
  readonly port: number
  readonly library: Library
  readonly leaseMs: number
}

// A process that runs one stream: it appends what it receives, and reports how the run ended.
const { port, library, leaseMs } = processOptions() as RunnerOptions
const connected = await connectRedis(library, { port })
const log = createRedisStreamLog({ client: connected.client, leaseMs, timeoutMs: 20_000 })
const hub = createRunHub({ log, onDisconnect: 'finish' })
const upstream = createUpstream()
const run = await hub.start({ open: upstream.open, conversationId: 'chat', id: `run-${process.pid}` })
say('ready')
say(run.id)

void run.ended.then(({ reason, save, response }) => say({ reason, save, text: response.text }))
const left = Promise.withResolvers<void>()
// Heard as they come: several may arrive in one turn.
process.on('message', (word: string) => {
  if (word === 'leave') left.resolve()
  else if (word !== 'finish') upstream.push(text(word))
  else {
    upstream.push(finish)
    upstream.end()
  }
})
await left.promise
await hub.close()
await log.close()
await connected[Symbol.asyncDispose]()
leave()
