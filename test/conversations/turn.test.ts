import { createOrchestrator, defineTool, type StreamEvent, type Tool } from 'llm-switchyard'
import { createChatService, type TurnResult } from 'llm-switchyard/conversations'
import { createJudgeModerator } from 'llm-switchyard/moderation'
import { createMemoryStore } from 'llm-switchyard/persistence/memory'
import { createFakeProvider, type FakeScript } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ada as identity, host, keptTurns } from './chat-host.ts'
import { failure } from '../failure.ts'

const USAGE = { inputTokens: 5, outputTokens: 5 }

/** Calls the tool `look` in each of the first rounds, then does the last thing. */
function rounds(
  count: number,
  last: ReturnType<Extract<FakeScript, (...args: never) => unknown>>,
): FakeScript {
  return ({ turns, system }) => {
    if (system !== '') return 'In short.'
    const done = turns
      .slice(turns.findLastIndex(({ role }) => role === 'user'))
      .filter(({ role }) => role === 'tool')
    return done.length < count ? { toolCalls: [{ name: 'look', arguments: {} }], usage: USAGE } : last
  }
}

const look = defineTool({ name: 'look', execute: () => 'seen' })

function typesOf(events: readonly StreamEvent[]): string[] {
  return events.map(({ type }) => type).filter((type) => !/-delta$|-start$|^usage$/.test(type))
}

describe('a turn of several rounds is one stream', () => {
  test.each([0, 1, 3])(
    'with %i rounds of tools: one start, one finish with the usage of all',
    async (count) => {
      await using it = await host({ script: rounds(count, { text: 'Done.', usage: USAGE }) })
      const stream = await it.chats.stream({ identity, message: 'Hi', tools: [look] })
      const events: StreamEvent[] = []
      for await (const event of stream) events.push(event)
      const round = ['tool-call', 'tool-result', 'step']
      expect(typesOf(events)).toEqual([
        'start',
        ...Array.from({ length: count }, () => round).flat(),
        'finish',
      ])
      const total = { inputTokens: 5 * (count + 1), outputTokens: 5 * (count + 1) }
      expect(events.at(-1)).toMatchObject({ type: 'finish', finishReason: 'stop', usage: total })
      expect(events.findLast(({ type }) => type === 'usage')).toMatchObject({ usage: total })
      expect(await stream.turn).toMatchObject({ content: 'Done.', totalUsage: total })
    },
  )

  test('a reader that leaves at finish has a complete turn', async () => {
    await using it = await host({ script: rounds(1, 'Done.') })
    const stream = await it.chats.stream({ identity, message: 'Hi', tools: [look] })
    for await (const event of stream) if (event.type === 'finish') break
    expect(await stream.turn).toMatchObject({ status: 'complete', content: 'Done.' })
    expect((await keptTurns(it.store, stream.conversationId)).at(-1)).toBe('assistant: Done.')
  })

  test.each<[string, FakeScript, string]>([
    ['is refused', { error: 'server-failed' }, 'server-failed'],
    ['is cut', { text: 'one two three', chaos: { type: 'cut', at: 'middle', by: 'reset' } }, 'stream-broken'],
  ])(
    'a second round that %s fails the turn, streamed and whole, with all of it as partial',
    async (_how, last, kind) => {
      await using it = await host({ script: rounds(1, last as never) })
      const request = { identity, message: 'Hi', tools: [look] }
      const stream = await it.chats.stream(request)
      const events: StreamEvent[] = []
      const read = async (): Promise<void> => {
        for await (const event of stream) events.push(event)
      }
      const errors = [
        await failure(read()),
        await failure(stream.turn),
        await failure(it.chats.send(request)),
      ]
      expect(typesOf(events)).not.toContain('finish')
      for (const error of errors) {
        expect(error.kind === kind || error.kind === 'network').toBe(true)
        expect(error.partial).toMatchObject({ toolCalls: [{ name: 'look' }] })
        expect(error.partial?.usage.inputTokens).toBeGreaterThanOrEqual(5)
      }
    },
  )

  test('a store that cannot write the answer fails the turn instead of its finish', async () => {
    const store = createMemoryStore()
    let writes = 0
    const failing = {
      ...store,
      // The question is the first, the answer the second.
      transaction: (...given: Parameters<typeof store.transaction>) =>
        ++writes > 1 ? Promise.reject(new Error('disk full')) : store.transaction(...given),
    } as unknown as typeof store
    await using it = await host({ script: 'Hello', store: failing })
    const stream = await it.chats.stream({ identity, message: 'Hi' })
    const events: StreamEvent[] = []
    const error = await failure(
      (async () => {
        for await (const event of stream) events.push(event)
      })(),
    )
    expect(typesOf(events)).toEqual(['start'])
    expect(error.partial?.text).toBe('Hello')
  })

  test('a turn that is asked for again has the usage of all rounds', async () => {
    await using it = await host({ script: rounds(2, { text: 'Done.', usage: USAGE }) })
    const request = { identity, message: 'Hi', tools: [look], requestId: 'r1' }
    const { conversationId } = await it.chats.send(request)
    const again = await it.chats.stream({ ...request, conversationId })
    const events: StreamEvent[] = []
    for await (const event of again) events.push(event)
    expect(events.at(-1)).toMatchObject({ type: 'finish', usage: { totalTokens: 30 } })
  })
})

describe('a turn is admitted once', () => {
  test.each(['send', 'stream'] as const)(
    '%s: its rounds, its title and its summaries are no requests',
    async (how) => {
      await using it = await host({
        script: rounds(3, 'Done.'),
        orchestrator: {
          limits: { user: { requestsPerMinute: 2 }, conversation: { requestsPerMinute: 2 }, burst: 1 },
        },
        service: { autoTitle: true, summary: { everyMessages: 2 } },
      })
      const ask = async (conversationId?: string): Promise<TurnResult> => {
        const request = { identity, message: 'Hi', tools: [look], conversationId }
        return how === 'send' ? it.chats.send(request) : (await it.chats.stream(request)).turn
      }
      const { conversationId } = await ask()
      await it.chats.settled()
      await expect(ask(conversationId)).resolves.toMatchObject({ content: 'Done.' })
      await it.chats.settled()
      await expect(ask(conversationId)).rejects.toMatchObject({ kind: 'limit-exceeded', scope: 'user' })
      expect(it.orchestrator.stats().limits).toMatchObject({ open: 0 })
    },
  )

  test('titles and summaries are booked under their purpose, not under the user', async () => {
    await using it = await host({
      script: ({ system }) =>
        system === '' ? { text: 'Yes.', usage: USAGE } : { text: 'A title', usage: USAGE },
      orchestrator: { limits: { budgets: [{ scope: 'user', per: 'day', tokens: 10_000 }] } },
      service: { autoTitle: true, summary: { everyMessages: 2 } },
    })
    await it.chats.send({ identity, message: 'Hi' })
    await it.chats.settled()
    expect(await it.chats.usage({ identity })).toMatchObject({ totalTokens: 10 })
    for (const purpose of ['title', 'summary'])
      expect(await it.store.usage.get(`purpose:${purpose}`)).toMatchObject({ totalTokens: 10 })
  })

  test('tokens that do not suffice for the next round end the turn before its tools run', async () => {
    let runs = 0
    const pay = defineTool({ name: 'look', execute: () => ++runs })
    await using it = await host({
      script: ({ toolResults }) =>
        toolResults.length === 0
          ? { toolCalls: [{ name: 'look', arguments: {} }], usage: { inputTokens: 900, outputTokens: 80 } }
          : 'Done.',
      orchestrator: { limits: { budgets: [{ scope: 'user', per: 'day', tokens: 1_000 }] } },
    })
    const request = { identity, message: 'Hi', tools: [pay], maxTokens: 100 }
    const stream = await it.chats.stream(request)
    const error = await failure(stream.turn)
    expect(['limit-exceeded', 'quota-exhausted']).toContain(error.kind)
    expect(error.partial).toMatchObject({ toolCalls: [{ name: 'look' }], usage: { totalTokens: 980 } })
    expect(runs).toBe(0)
    expect(it.provider.log).toHaveLength(1)
    expect(await it.chats.usage({ identity })).toMatchObject({ totalTokens: 980 })
    expect(it.orchestrator.stats().limits).toMatchObject({ open: 0 })
  })

  test('a round goes before all calls that wait, whatever maxPending and timeoutMs say', async () => {
    let begin: () => void = () => undefined
    const begun = new Promise<void>((resolve) => (begin = resolve))
    const ended: string[] = []
    const gate = Promise.withResolvers<void>()
    const slow = defineTool({
      name: 'look',
      execute: () => {
        begin()
        return gate.promise
      },
    })
    const script: FakeScript = ({ prompt, turns }) => {
      if (prompt === 'other') return { text: 'x', pacing: { firstMs: 300 } }
      return turns.some(({ role }) => role === 'tool')
        ? 'Done.'
        : { toolCalls: [{ name: 'look', arguments: {} }] }
    }
    await using it = await host({ script, orchestrator: { queue: { concurrency: 1, maxPending: 1 } } })
    const first = it.chats.send({ identity, message: 'Hi', tools: [slow] }).then(() => ended.push('turn'))
    await begun
    const others = ['b', 'c'].map((userId) =>
      it.chats.send({ identity: { userId }, message: 'other' }).then(() => ended.push(userId)),
    )
    await expect.poll(() => it.orchestrator.queue?.status().pending).toBe(1)
    gate.resolve()
    await Promise.all([first, ...others])
    expect(ended).toEqual(['b', 'turn', 'c'])
  })
})

test('with one slot, a judge on output, a tool that asks the orchestrator, a title and summaries: nothing stands still', async () => {
  const script: FakeScript = ({ system, prompt, toolResults }) => {
    if (system.startsWith('You judge')) return '{"flagged":false,"categories":[]}'
    if (system !== '') return 'In short.'
    if (prompt === 'inner') return 'from within'
    return toolResults.length === 0
      ? { toolCalls: [{ name: 'ask', arguments: {} }] }
      : `I heard ${toolResults[0]?.text}.`
  }
  await using provider = await createFakeProvider({ script })
  const judge = createJudgeModerator({
    ask: (request) => orchestrator.chatApiCall({ ...request, stream: false }),
    model: 'openai/m',
  })
  await using orchestrator = createOrchestrator({
    providers: { openai: { baseUrl: provider.baseUrl('openai-chat'), apiKey: 'none' } },
    queue: { concurrency: 1, maxPending: 1, timeoutMs: 0 },
    moderation: { output: { moderators: [judge], failure: 'closed', timeoutMs: 60_000 } },
  })
  await using store = createMemoryStore()
  const chats = createChatService({
    orchestrator,
    store,
    defaults: { model: 'openai/m' },
    autoTitle: true,
    summary: { everyMessages: 2 },
  })
  const ask = defineTool({
    name: 'ask',
    execute: async (_args: unknown, { parent }) => {
      const messages = [{ role: 'user' as const, content: 'inner' }]
      return (await orchestrator.chatApiCall({ model: 'openai/m', messages, parent, stream: false })).text
    },
  })
  for (const stream of [false, true]) {
    const request = { identity, message: 'Hi', tools: [ask] }
    const turn = stream ? await (await chats.stream(request)).turn : await chats.send(request)
    expect(turn.content).toBe('I heard from within.')
    await chats.settled()
    expect(await chats.get({ identity, conversationId: turn.conversationId })).toMatchObject({
      title: 'In short',
      summary: 'In short.',
    })
  }
  expect(orchestrator.queue?.status()).toMatchObject({ running: 0, pending: 0 })
  await chats.close()
})

describe('what a tool gets and tells', () => {
  /** Runs one call of a tool, and returns its arguments and what the model was told. */
  async function call(
    tool: Omit<Tool, 'name' | 'execute'>,
    args: unknown,
    name = 'look',
  ): Promise<{ readonly got: unknown; readonly told: string | undefined }> {
    let got: unknown
    const run = {
      ...tool,
      name: 'look',
      execute: (given: unknown) => {
        got = given
        return 'seen'
      },
    } as Tool
    await using it = await host({
      script: ({ toolResults }) =>
        toolResults.length === 0
          ? { toolCalls: [{ name, arguments: args as never }] }
          : `${toolResults[0]?.text}`,
    })
    return { told: (await it.chats.send({ identity, message: 'Hi', tools: [run] })).content, got }
  }

  const amount = { type: 'object', properties: { amount: { type: 'number' } }, required: ['amount'] } as const
  test.each<[string, Omit<Tool, 'name' | 'execute'>]>([
    ['parameters, zod', { parameters: z.object({ amount: z.number().max(100) }) }],
    ['inputSchema, zod', { inputSchema: z.object({ amount: z.number() }) }],
    ['parameters, JSON Schema', { parameters: amount }],
    ['inputSchema, JSON Schema', { inputSchema: amount }],
    ['strict', { parameters: amount, strict: true }],
  ])('arguments that do not fit %s do not reach it; the model is told the path', async (_schema, tool) => {
    const { got, told } = await call(tool, { amount: 'a lot' })
    expect(got).toBeUndefined()
    expect(told).toMatch(/invalid arguments: amount: /)
    expect(told).not.toContain('a lot')
  })

  test('defaults and transforms are applied', async () => {
    const parameters = z.object({
      at: z.string().transform((text) => text.toUpperCase()),
      deep: z.number().default(3),
    })
    expect((await call({ parameters }, { at: 'sky' })).got).toEqual({ at: 'SKY', deep: 3 })
    const json = { type: 'object', properties: { at: { type: 'string' }, deep: { default: 3 } } } as const
    expect((await call({ parameters: json }, { at: 'sky' })).got).toEqual({ at: 'sky', deep: 3 })
  })

  test('without a schema it gets them as they are', async () => {
    expect((await call({}, { any: 1 })).got).toEqual({ any: 1 })
  })

  test.each(['lok', 'toString', '__proto__'])(
    'a call of %s, which is no tool, is answered with the names',
    async (name) => {
      const { got, told } = await call({}, {}, name)
      expect(got).toBeUndefined()
      expect(told).toMatch(/there is no tool ".*"; the tools are look/)
    },
  )

  test('the call after the last round has no tools, so that words come', async () => {
    await using it = await host({
      script: ({ tools }) => (tools.length > 0 ? { toolCalls: [{ name: 'look', arguments: {} }] } : 'Words.'),
      service: { maxToolRounds: 2 },
    })
    const turn = await it.chats.send({ identity, message: 'Hi', tools: [look], toolChoice: 'required' })
    expect(turn).toMatchObject({ content: 'Words.', toolCalls: [] })
    expect(it.provider.log.map(({ request }) => request?.tools.length)).toEqual([1, 1, 0])
  })

  test('what it throws is scrubbed for model and page, and whole in the log', async () => {
    const lines: object[] = []
    const none = (): void => undefined
    const logger = { debug: none, info: none, error: none, warn: (fields: object) => void lines.push(fields) }
    await using it = await host({ script: rounds(1, 'Done.'), service: { logger } })
    const broken = defineTool({
      name: 'look',
      execute: () => {
        throw new Error('too dark at postgres://admin:hunter2@10.0.0.5/db')
      },
    })
    const stream = await it.chats.stream({ identity, message: 'Hi', tools: [broken] })
    const events: StreamEvent[] = []
    for await (const event of stream) events.push(event)
    const kept = JSON.stringify([events, it.provider.log, await keptTurns(it.store, stream.conversationId)])
    expect(kept).toContain('too dark at [address]')
    expect(kept).not.toMatch(/hunter2|10\.0\.0\.5/)
    expect(JSON.stringify(lines)).toContain('hunter2')
    expect(lines).toEqual([expect.objectContaining({ tool: 'look', conversationId: stream.conversationId })])
  })

  test.each<[string, Partial<Tool>]>([
    ['itself', { execute: () => new Promise(() => undefined) }],
    [
      'its schema',
      { parameters: z.object({}).refine(() => new Promise<boolean>(() => undefined)), execute: () => 'seen' },
    ],
  ])('one that never ends, %s, is abandoned after its time, with its signal aborted', async (_what, tool) => {
    await using it = await host({
      script: ({ toolResults }) =>
        toolResults.length === 0 ? { toolCalls: [{ name: 'look' }] } : `${toolResults[0]?.text}`,
      service: { toolTimeoutMs: 20 },
    })
    const turn = await it.chats.send({ identity, message: 'Hi', tools: [{ name: 'look', ...tool }] })
    expect(turn.content).toContain('did not answer within 20 ms')
  })

  test('its own time counts before that of the service, and the end of the turn ends it', async () => {
    let signal: AbortSignal | undefined
    const endless = defineTool({
      name: 'look',
      timeoutMs: Infinity,
      execute: (_args: unknown, context) => {
        signal = context.signal
        return new Promise(() => undefined)
      },
    })
    await using it = await host({ script: rounds(1, 'Done.'), service: { toolTimeoutMs: 1 } })
    const request = { identity, message: 'Hi', tools: [endless], timeouts: { totalMs: 400 } }
    expect(await failure(it.chats.send(request))).toMatchObject({ kind: 'timeout', phase: 'total' })
    expect(signal?.aborted).toBe(true)
  })
})
