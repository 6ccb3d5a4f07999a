import { createServer } from 'node:net'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  createOrchestrator,
  LlmError,
  type ChatResponse,
  type Orchestrator,
  type OrchestratorOptions,
  type StreamEvent,
} from 'llm-switchyard'
import { createFakeProvider, type FakeProvider } from 'llm-switchyard/testing'
import { createUndiciTransport } from 'llm-switchyard/undici'
import { faults, TEXT, type Fault, type Outcome } from './faults.ts'

const dialects = { openai: 'openai-chat', anthropic: 'anthropic-messages', google: 'gemini' } as const
type Vendor = keyof typeof dialects

/** Every wire on `fetch`, and one of them on undici. */
const lines: readonly Line[] = [
  ...(Object.keys(dialects) as Vendor[]).map((vendor) => ({ vendor, on: 'fetch' as const })),
  { vendor: 'openai', on: 'undici' },
]
interface Line {
  readonly vendor: Vendor
  readonly on: 'fetch' | 'undici'
}

const RETRY = { attempts: 3, backoffMs: 1, maxBackoffMs: 5_000, maxRetryAfterMs: 5_000 }
const SAVED = 'From the other one.'

/** How a call may be tried again: the columns of the matrix, each as a stream and as a whole. */
const plans = {
  once: {},
  retry: { retry: RETRY },
  fallback: { fallback: ['b/m'] },
  both: { fallback: ['b/m'], retry: RETRY },
} satisfies Record<string, OrchestratorOptions>
type Plan = keyof typeof plans

/** Which targets are tried, in order: from the fault's traits alone. */
function expectedTries({ kind, retry, fallsBack }: Outcome, plan: Plan): string[] {
  if (kind === undefined) return ['a']
  const mayFallBack = fallsBack && (plan === 'fallback' || plan === 'both')
  const mayRetry = retry && (plan === 'retry' || plan === 'both')
  // The try that the fallback needs is kept for it.
  const tries = mayRetry ? RETRY.attempts - (mayFallBack ? 1 : 0) : 1
  return [...Array.from({ length: tries }, () => 'a'), ...(mayFallBack ? ['b'] : [])]
}

interface Seen {
  readonly response: ChatResponse | undefined
  readonly error: LlmError | undefined
  readonly events: readonly StreamEvent[]
}

async function call(orchestrator: Orchestrator, stream: boolean): Promise<Seen> {
  const events: StreamEvent[] = []
  const request = { model: 'a/m', messages: [{ role: 'user' as const, content: 'Hello' }] }
  try {
    if (!stream) return { response: await orchestrator.chatApiCall(request), error: undefined, events }
    const answer = await orchestrator.chatApiCall({ ...request, stream: true })
    const response = answer.response.catch(() => undefined)
    for await (const event of answer) events.push(event)
    return { response: await response, error: undefined, events }
  } catch (error) {
    if (!LlmError.is(error)) throw error
    return { response: undefined, error, events }
  }
}

/** A port at which nobody listens. */
async function deadPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function addressOf(fault: Fault, fake: FakeProvider, dialect: string): Promise<string> {
  if (fault.place === 'refused') return `http://127.0.0.1:${await deadPort()}/v1`
  return fault.place === 'silent' ? fake.silentUrl(dialect) : fake.baseUrl(dialect)
}

/** Does one cell, and says what it was: to be compared with what it should have been. */
async function cell(fault: Fault, { vendor, on }: Line, plan: Plan, stream: boolean) {
  const transport = on === 'undici' ? createUndiciTransport() : undefined
  await using _closed = { [Symbol.asyncDispose]: async () => transport?.close() }
  const dialect = dialects[vendor]
  await using bad = await createFakeProvider({ script: () => fault.reply?.() ?? TEXT })
  await using good = await createFakeProvider({ script: SAVED })
  const access = async (url: string) => ({ extends: vendor, apiKey: 'k', baseUrl: url })
  await using orchestrator = createOrchestrator({
    ...plans[plan],
    transport,
    ...(fault.timeouts === undefined ? undefined : { timeouts: fault.timeouts }),
    providers: {
      a: await access(await addressOf(fault, bad, dialect)),
      b: await access(good.baseUrl(dialect)),
    },
  })
  const { response, error, events } = await call(orchestrator, stream)
  const attempts = (response ?? error)?.attempts ?? []
  for (const { closed } of [...bad.log, ...good.log]) await closed
  const count = (type: string): number => events.filter((event) => event.type === type).length
  return {
    tries: attempts.map(({ provider }) => provider),
    errors: attempts.map((attempt) => attempt.error?.kind),
    // An error inside a 200 may name a status of its own.
    statuses: attempts.map((attempt) =>
      fault.name.includes('inside a 200') ? undefined : attempt.error?.status,
    ),
    kind: error?.kind,
    phase: error?.phase,
    retryAfterMs: error?.retryAfterMs,
    text: response?.text,
    partial: error?.partial?.text ?? '',
    streamed: events.flatMap((event) => (event.type === 'text-delta' ? [event.text] : [])).join(''),
    ends: count('finish'),
    starts: count('start'),
    asked: [bad.log.length, good.log.length],
    left: bad.log.map(({ abortedAt }) => abortedAt !== undefined),
    stats: orchestrator.stats(),
  }
}

type Cell = Awaited<ReturnType<typeof cell>>

function expectedCell(fault: Fault, outcome: Outcome, plan: Plan, stream: boolean): Cell {
  const tries = expectedTries(outcome, plan)
  const saved = tries.at(-1) === 'b'
  const good = saved || outcome.kind === undefined
  const own = tries.filter((target) => target === 'a').length
  const perTry = <T>(value: T): (T | undefined)[] =>
    tries.map((target) => (target === 'a' ? value : undefined))
  const begun = stream && (good || (outcome.partial ?? '') !== '')
  const text = saved ? SAVED : good ? (outcome.text ?? TEXT) : undefined
  return {
    tries,
    errors: perTry(outcome.kind),
    statuses: perTry(outcome.status),
    kind: good ? undefined : outcome.kind,
    phase: good ? undefined : outcome.phase,
    retryAfterMs: good ? undefined : (outcome.retryAfterMs as number | undefined),
    text,
    partial: good ? '' : (outcome.partial ?? ''),
    streamed: stream ? (text ?? outcome.partial ?? '') : '',
    ends: stream && good ? 1 : 0,
    starts: begun ? 1 : 0,
    asked: [fault.place === undefined ? own : 0, saved ? 1 : 0],
    left: Array.from({ length: fault.place === undefined ? own : 0 }, () => outcome.left === true),
    stats: { calls: 1, active: 0, succeeded: good ? 1 : 0, failed: good ? 0 : 1 },
  }
}

describe.each(lines)('$vendor on $on', (line) => {
  // What is loaded and compiled at the first call must not count against the time-outs of the faults.
  beforeAll(async () => {
    const outcome: Outcome = { retry: false, fallsBack: false }
    for (const stream of [true, false])
      await cell({ name: 'none', stream: outcome, whole: outcome }, line, 'once', stream)
  })

  test.concurrent.each(faults)('$name', async (fault) => {
    const cells = (Object.keys(plans) as Plan[]).flatMap((plan) =>
      [true, false].map((stream) => ({ plan, stream })),
    )
    const seen = await Promise.all(
      cells.map(async ({ plan, stream }) => [
        `${plan}, ${stream ? 'stream' : 'whole'}`,
        await cell(fault, line, plan, stream),
      ]),
    )
    const expected = cells.map(({ plan, stream }) => [
      `${plan}, ${stream ? 'stream' : 'whole'}`,
      expectedCell(fault, stream ? fault.stream : fault.whole, plan, stream),
    ])
    expect(seen).toEqual(expected)
  })
})
