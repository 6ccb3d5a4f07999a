// Meets every handler with generated bodies and tells what they cost. Run by hostile-bodies.test.ts in little memory.
import { createOrchestrator } from 'llm-switchyard'
import { createChatService } from 'llm-switchyard/conversations'
import { createChatHandler, createOpenAIHandler } from 'llm-switchyard/http'
import { createMemoryStore } from 'llm-switchyard/persistence/memory'
import { fakeFetch } from 'llm-switchyard/testing'
import { chanceOf } from './hostile-values.ts'

/** What the bodies of a run cost at most. Of each body the best time of some counts. */
export interface HostileCosts {
  readonly refused: number
  readonly served: number
  /** Answers with status 500 or above. */
  readonly failed: number
  /** Of refused bodies below 64 KB: the largest and the 99th percentile. */
  readonly worstMs: number
  readonly p99Ms: number
  /** Of refused bodies of 64 KB or more: the longest time, as a multiple of `request.json()`. */
  readonly worstOfParsing: number
  readonly largestAnswer: number
  readonly longestLine: number
  /** What was still running afterwards. */
  readonly active: number
  readonly heapMb: number
}

const bodies = Number(process.argv[2])
let longestLine = 0
const log = (fields: object, message?: string): void => {
  longestLine = Math.max(longestLine, JSON.stringify([fields, message]).length)
}
const logger = { debug: log, info: log, warn: log, error: log }
const orchestrator = createOrchestrator({
  providers: { openai: { apiKey: 'k' } },
  fetch: fakeFetch('Hello.'),
})
const chats = createChatService({ orchestrator, store: createMemoryStore(), defaults: { model: 'openai/m' } })
const gateway = createOpenAIHandler(orchestrator, { authorize: 'open', logger })
const allow = { settings: true, models: true, tools: true, maxTokens: true, system: true } as const
const chat = createChatHandler(orchestrator, {
  authorize: 'open',
  logger,
  defaults: { model: 'openai/m' },
  allow,
})
const service = createChatHandler(chats, { authorize: () => ({ userId: 'ada' }), logger })
const handlers = {
  '/v1/chat/completions': gateway,
  '/v1/responses': gateway,
  '/v1/messages': gateway,
  '/v1/messages/count_tokens': gateway,
  '/v1/embeddings': gateway,
  '/chat': chat,
  '/stored': service,
}

/** Large bodies of one kind of nonsense each, between 64 KB and 2 MB. */
function large(at: number): string {
  const piece = [
    '{}',
    '1',
    '[]',
    '""',
    'null',
    '{"role":"user"}',
    '{"type":"x"}',
    '{"role":"user","content":[{}]}',
  ][at % 8] as string
  const list = `[${Array.from({ length: Math.ceil((64_000 << (at % 5)) / (piece.length + 1)) + 1 }, () => piece).join(',')}]`
  const field = ['messages', 'input', 'tools', 'content', 'stop', 'metadata'][
    Math.floor(at / 8) % 6
  ] as string
  return `{"model":"openai/m","max_tokens":5,"${field}":${list}}`
}

const small: number[] = []
const costs = { refused: 0, served: 0, failed: 0, worstOfParsing: 0, largestAnswer: 0 }
const slowest: string[] = []

function requestOf(path: string, body: string): Request {
  const headers = { 'content-type': 'application/json' }
  return new Request(`http://h${path}`, { method: 'POST', headers, body })
}

async function meet(path: keyof typeof handlers, text: string): Promise<void> {
  const isLarge = text.length >= 64_000
  // The best of some, because other processes are on the machine, too.
  let [took, parsed] = [Infinity, Infinity]
  let response = new Response()
  for (let time = 0; time < (isLarge ? 5 : 2) || (time < 10 && took > (isLarge ? 10 * parsed : 3)); time++) {
    const parsing = performance.now()
    await requestOf(path, text).json()
    parsed = Math.min(parsed, performance.now() - parsing)
    const request = requestOf(path, text)
    const start = performance.now()
    response = await handlers[path](request)
    const bytes = (await response.arrayBuffer()).byteLength
    took = Math.min(took, performance.now() - start)
    if (response.status >= 400) costs.largestAnswer = Math.max(costs.largestAnswer, bytes)
  }
  if (response.status < 400) return void costs.served++
  if (response.status >= 500) costs.failed++
  costs.refused++
  if (!isLarge) {
    small.push(took)
    if (took > 3) slowest.push(`${path} ${took.toFixed(1)} ms of ${text.length} B: ${text.slice(0, 80)}`)
    return
  }
  const share = took / parsed
  if (share > 10)
    slowest.push(
      `${path} ${share.toFixed(1)}x (${parsed.toFixed(2)} → ${took.toFixed(2)}) of ${text.length} B: ${text.slice(0, 80)}`,
    )
  costs.worstOfParsing = Math.max(costs.worstOfParsing, share)
}

const paths = Object.keys(handlers) as (keyof typeof handlers)[]
const chance = chanceOf(1)
// The first calls of a process are compiled, which is not the bodies' doing.
for (let at = 0; at < 210; at++) await meet(paths[at % paths.length]!, chance.body())
small.length = 0
for (const key of Object.keys(costs) as (keyof typeof costs)[]) costs[key] = 0
slowest.length = 0
for (let at = 0; at < bodies; at++)
  await meet(paths[at % paths.length]!, at % 40 === 39 ? large(Math.floor(at / 40)) : chance.body())
small.sort((a, b) => a - b)
const { active } = orchestrator.stats()
const told: HostileCosts & { slowest: readonly string[] } = {
  ...costs,
  worstMs: small.at(-1) ?? 0,
  p99Ms: small[Math.floor(small.length * 0.99)] ?? 0,
  longestLine,
  active,
  heapMb: process.memoryUsage().heapUsed / 2 ** 20,
  slowest: slowest.slice(0, 20),
}
console.log(JSON.stringify(told))
await service.close()
await chats.close()
await orchestrator.close({ drainMs: 0 })
