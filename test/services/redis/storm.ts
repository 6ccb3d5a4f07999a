import { LlmError } from '../../../src/core/error.ts'
import { createOrchestrator } from '../../../src/create-orchestrator.ts'
import { createRedisLimitStore, type RedisLimitStats } from '../../../src/persistence/redis/index.ts'
import { fakeFetch } from '../../../src/testing/index.ts'
import { elapsed, patience } from '../../patience.ts'
import { connectRedis, type Library } from './clients.ts'
import { leave, processOptions, say } from './inside.ts'

export interface StormOptions {
  readonly port: number
  readonly library: Library
  readonly onDown: 'fail-open' | 'fail-closed'
  readonly requestsPerMinute: number
}
export interface StormReport {
  readonly started: number
  /** By what became of the call: `ok`, or the error's kind and its code or scope. */
  readonly ended: Readonly<Record<string, number>>
  readonly slowestMs: number
  readonly stats: RedisLimitStats
  readonly lines: readonly string[]
}

const { port, library, onDown, requestsPerMinute } = processOptions() as StormOptions
const lines: string[] = []
const line =
  (level: string) =>
  (_: object, message = ''): void =>
    void lines.push(`${level}: ${message}`)
const logger = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
const connected = await connectRedis(library, { port })
const store = createRedisLimitStore({ client: connected.client, onDown, timeoutMs: 1_000 * patience, logger })
const orchestrator = createOrchestrator({
  providers: { openai: { apiKey: 'any', fetch: fakeFetch({ text: 'Hi' }) } },
  limits: {
    global: { requestsPerMinute },
    burst: 1,
    budgets: [{ scope: 'global', per: 'month', tokens: 1_000_000_000 }],
  },
  limitStore: store,
})

let [started, slowestMs] = [0, 0]
const stop = new AbortController()
const ended: Record<string, number> = {}

async function call(): Promise<string> {
  try {
    await orchestrator.chatApiCall({ model: 'openai/any', messages: [{ role: 'user', content: 'Hi' }] })
    return 'ok'
  } catch (error) {
    return LlmError.is(error) ? `${error.kind} ${error.code ?? error.scope}` : String(error)
  }
}

async function user(): Promise<void> {
  while (!stop.signal.aborted) {
    started++
    const passedMs = elapsed()
    const what = await call()
    ended[what] = (ended[what] ?? 0) + 1
    slowestMs = Math.max(slowestMs, passedMs())
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

function report(): void {
  say({ started, ended: { ...ended }, slowestMs, stats: store.stats(), lines } satisfies StormReport)
}

const users = Array.from({ length: 20 }, user)
process.on('message', (message) => {
  if (message === 'report') report()
  else stop.abort()
})
say('ready')
await Promise.all(users)
await orchestrator.close()
report()
await store.close()
await connected[Symbol.asyncDispose]()
leave()
