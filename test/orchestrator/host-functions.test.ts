import { createOrchestrator, LlmError, type ChatRequest, type OrchestratorOptions } from 'llm-switchyard'
import { createTopicMonitor } from 'llm-switchyard/moderation'
import { fakeFetch } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'

// Functions of the application that never answer, throw or reject. Each may harm its own call at most.

interface Function {
  readonly options?: OrchestratorOptions
  readonly request?: Partial<ChatRequest>
  /** A call that does not wait for the function succeeds. */
  readonly isAwaited?: false
  /** By its contract, the call ends with the error that it throws. */
  readonly throwsItsOwn?: true
}

const PROVIDER = { extends: 'openai-compatible', baseUrl: 'http://fake.test/openai/v1', apiKey: 'key' }
const BASE: OrchestratorOptions = {
  providers: { a: PROVIDER },
  fetch: fakeFetch({ text: ['one ', 'two'] }),
  limits: { user: { requestsPerMinute: 100 } },
  queue: { concurrency: 5 },
}
// Typed as what they never return, because the functions of the table return different things.
const never = (): never => new Promise(() => undefined) as never
const answerOf =
  (
    body: { pull: () => Promise<void>; cancel?: () => Promise<void> },
    status: number,
  ): typeof globalThis.fetch =>
  async () =>
    new Response(new ReadableStream(body), { status, headers: { 'content-type': 'text/event-stream' } })

const functions = (act: () => never): Record<string, Function> => ({
  fetch: { options: { fetch: act } },
  apiKey: { options: { providers: { a: { ...PROVIDER, apiKey: act } } } },
  credentials: {
    options: { providers: { bedrock: { credentials: act, variables: { region: 'us-east-1' } } } },
    request: { provider: 'bedrock', model: 'anthropic.claude-3-haiku' },
  },
  'limitStore.reserve': {
    options: { limitStore: { reserve: act, settle: () => [], read: act, reset: act } },
  },
  'queue.slots.take': {
    options: {
      queue: {
        slots: { take: async () => act(), onFree: () => () => undefined, close: async () => undefined },
      },
    },
  },
  'a moderator': {
    options: { moderation: { moderators: [{ name: 'm', moderate: act }], timeoutMs: Infinity } },
  },
  'a moderator of the output': {
    options: {
      moderation: { moderators: [{ name: 'm', moderate: act }], timeoutMs: Infinity, input: false },
    },
  },
  'watchlists of topics': { options: { topics: createTopicMonitor({ watchlists: act }) }, isAwaited: false },
  onAdmitted: { request: { onAdmitted: act }, throwsItsOwn: true },
  'a stage': { options: { use: [{ name: 'own', at: 'call', run: act }] }, throwsItsOwn: true },
  'a stage of attempts': { options: { use: [{ name: 'own', at: 'attempt', run: act }] } },
  'transport.send': { options: { transport: { send: act } } },
  'the closing of a feature': {
    options: { use: [{ name: 'own', mount: () => ({ stages: [], close: act }) }] },
    isAwaited: false,
  },
})

const silent: Record<string, Function> = {
  ...functions(never),
  'a body': { options: { fetch: answerOf({ pull: never }, 200) } },
  'the body of a failure': { options: { fetch: answerOf({ pull: never }, 500) } },
  'a body and its cancel': {
    options: { fetch: answerOf({ pull: never, cancel: never }, 200) },
  },
}

async function outcomeOf(
  yard: ReturnType<typeof createOrchestrator>,
  request: Partial<ChatRequest>,
): Promise<string> {
  const whole = {
    provider: 'a',
    model: 'm',
    userId: 'u',
    messages: [{ role: 'user', content: 'Hi' }],
    ...request,
  }
  try {
    const reply = await yard.chatApiCall(whole as ChatRequest)
    if ('response' in reply) await reply.response
    return 'ok'
  } catch (error) {
    return LlmError.is(error) ? [error.kind, error.phase].filter(Boolean).join('/') : 'its own error'
  }
}

const ENDS = { signal: 'aborted', totalMs: 'timeout/total' } as const

describe.each(Object.entries(silent))('%s never answers', (_name, { options, request, isAwaited }) => {
  const modes = [true, false].flatMap((stream) =>
    (['signal', 'totalMs'] as const).map((by) => ({ stream, by })),
  )
  test.each(modes)('a call with %j ends, and everything is given back', async ({ stream, by }) => {
    const yard = createOrchestrator({ ...BASE, ...options })
    const ms = isAwaited === false ? 60_000 : 50
    const bound = by === 'signal' ? { signal: AbortSignal.timeout(ms) } : { timeouts: { totalMs: ms } }
    expect(await outcomeOf(yard, { stream, ...bound, ...request })).toBe(
      isAwaited === false ? 'ok' : ENDS[by],
    )
    expect(yard.stats()).toMatchObject({ active: 0, limits: { open: 0 }, queue: { running: 0, pending: 0 } })
    await yard.close({ drainMs: 0 })
  })

  test('a call that runs into the close of its orchestrator ends, too', async () => {
    const yard = createOrchestrator({ ...BASE, ...options })
    const outcome = outcomeOf(yard, { ...request })
    await new Promise((resolve) => setTimeout(resolve, 20))
    await yard.close({ drainMs: 0 })
    expect(await outcome).toBe(isAwaited === false ? 'ok' : 'aborted')
    expect(yard.stats()).toMatchObject({ active: 0, limits: { open: 0 }, queue: { running: 0 } })
  })
})

const broken = {
  throws: (): never => {
    throw new Error('broken')
  },
  rejects: (): never => Promise.reject(new Error('broken')) as never,
}
const failing = Object.entries(broken).flatMap(([how, act]) =>
  Object.entries(functions(act)).map(([name, one]) => ({ title: `${name} ${how}`, ...one })),
)

test.each(failing)(
  '$title: the call ends typed, and everything is given back',
  async ({ options, request, throwsItsOwn = false }) => {
    const yard = createOrchestrator({ ...BASE, ...options })
    for (const stream of [true, false]) {
      const outcome = await outcomeOf(yard, { stream, ...request })
      expect(outcome === 'its own error').toBe(throwsItsOwn)
    }
    expect(yard.stats()).toMatchObject({ active: 0, limits: { open: 0 }, queue: { running: 0, pending: 0 } })
    await yard.close({ drainMs: 0 })
  },
)

const listeners: Record<string, (act: () => never) => Function> = {
  onEvent: (act) => ({ options: { onEvent: act } }),
  onEnd: (act) => ({ request: { onEnd: act } }),
  logger: (act) => ({ options: { logger: { debug: act, info: act, warn: act, error: act } } }),
  'logger of the request': (act) => ({
    request: { logger: { debug: act, info: act, warn: act, error: act } },
  }),
  estimateTokens: (act) => ({ options: { estimateTokens: act } }),
  'limitStore.settle': (act) => ({
    options: {
      limitStore: {
        reserve: ({ buckets }) => ({
          granted: true,
          at: 0,
          waitMs: 0,
          waits: buckets.map(() => 0),
          periods: [],
        }),
        settle: act,
        read: async () => ({ available: [], used: [], resetMs: [] }),
        reset: async () => undefined,
      },
    },
  }),
}
const heard = Object.entries({ ...broken, 'never answers': never }).flatMap(([how, act]) =>
  Object.entries(listeners).map(([name, one]) => ({ title: `${name} ${how}`, ...one(act) })),
)

test.each(heard)('$title: calls succeed as without it', async ({ options, request }) => {
  const yard = createOrchestrator({ ...BASE, breaker: {}, ...options })
  for (const stream of [true, false]) expect(await outcomeOf(yard, { stream, ...request })).toBe('ok')
  expect(yard.stats()).toMatchObject({ active: 0, queue: { running: 0, pending: 0 } })
  await yard.close({ drainMs: 0 })
})
