import { defineTool, LlmError, type StreamEvent } from 'llm-switchyard'
import { createMemoryStore } from 'llm-switchyard/persistence/memory'
import { describe, expect, test } from 'vitest'
import { ada, host, keptTurns, sentTurns } from './chat-host.ts'
import { patience } from '../patience.ts'

const identity = ada

describe('a turn', () => {
  test('begins a conversation, and gives all there is to know of the answer', async () => {
    await using it = await host({
      script: { text: 'Hello, Ada.', usage: { inputTokens: 9, outputTokens: 4 } },
      service: { costUsd: ({ totalTokens }) => totalTokens / 1_000 },
    })
    const turn = await it.chats.send({ identity, message: 'Hi', temperature: 0.5, maxTokens: 50 })
    expect(turn).toMatchObject({
      content: 'Hello, Ada.',
      provider: 'openai',
      model: 'gpt-4.1-mini',
      tokens: 13,
      costUsd: 0.013,
      persisted: true,
      status: 'complete',
      repeated: false,
      finishReason: 'stop',
    })
    expect(turn.createdAt).toBeGreaterThan(0)
    expect(it.provider.log[0]?.request?.settings).toMatchObject({ temperature: 0.5, maxTokens: 50 })
    const kept = await it.chats.get({ identity, conversationId: turn.conversationId })
    expect(kept).toMatchObject({ userId: 'ada', messageCount: 2, model: 'openai/gpt-4.1-mini' })
    expect(
      kept.messages.map(({ role, tokens, model, costUsd }) => ({ role, tokens, model, costUsd })),
    ).toEqual([
      { role: 'user', tokens: null, model: null, costUsd: null },
      { role: 'assistant', tokens: 13, model: 'gpt-4.1-mini', costUsd: 0.013 },
    ])
    expect(kept.messages.map(({ id }) => id)).toEqual([turn.userMessageId, turn.messageId])
    expect(kept.usage).toMatchObject({ totalTokens: 13, costUsd: 0.013, calls: 1 })
  })

  test('goes on where the last one ended', async () => {
    await using it = await host({ script: ({ call }) => `answer ${call}` })
    const { conversationId } = await it.chats.send({ identity, message: 'one' })
    await it.chats.send({ identity, conversationId, message: 'two' })
    expect(sentTurns(it.provider)).toEqual(['user: one', 'assistant: answer 0', 'user: two'])
    expect(await keptTurns(it.store, conversationId)).toEqual([
      'user: one',
      'assistant: answer 0',
      'user: two',
      'assistant: answer 1',
    ])
  })

  test('a price that is not known is null, never 0', async () => {
    await using it = await host()
    const turn = await it.chats.send({ identity, message: 'Hi' })
    expect(turn.costUsd).toBeNull()
    const { usage } = await it.chats.get({ identity, conversationId: turn.conversationId })
    expect(usage).toMatchObject({ unpricedCalls: 1, calls: 1 })
  })

  test('the model of the conversation answers, unless the turn names another', async () => {
    await using it = await host()
    const { id: conversationId } = await it.chats.create({
      identity,
      model: 'openai/gpt-4.1',
      temperature: 0.1,
    })
    await it.chats.send({ identity, conversationId, message: 'Hi' })
    expect(it.provider.log.at(-1)?.request).toMatchObject({
      model: 'gpt-4.1',
      settings: { temperature: 0.1 },
    })
    await it.chats.send({ identity, conversationId, message: 'Hi', model: 'openai/gpt-4o' })
    expect(it.provider.log.at(-1)?.request).toMatchObject({ model: 'gpt-4o' })
  })

  test.each([
    [{ message: '' }, 'message'],
    [{ message: [] }, 'message'],
    [{ message: 'Hi', requestId: '' }, 'requestId'],
    [{ message: 'Hi', images: 'all' as never }, 'images'],
    [{ message: 'Hi', history: { maxMessages: -1 } }, 'history.maxMessages'],
    [{ message: 'Hi', parentId: 'm1' }, 'parentId'],
    [{ message: 'Hi', n: 2 }, 'n'],
  ])('%j is refused, and nothing is kept', async (wrong, path) => {
    await using it = await host()
    const sent = it.chats.send({ identity, ...wrong })
    await expect(sent).rejects.toMatchObject({ kind: 'invalid-request', issues: [{ path }] })
    expect((await it.chats.list({ identity })).data).toEqual([])
  })

  test('a misspelt setting is refused by the call, before anything is kept', async () => {
    await using it = await host()
    const misspelt = { max_tokens: 5 }
    const sent = it.chats.send({ identity, message: 'Hi', ...misspelt })
    await expect(sent).rejects.toMatchObject({ kind: 'invalid-request' })
    expect((await it.chats.list({ identity })).data).toEqual([])
  })
})

describe('what goes wrong beside a turn does not cost the answer', () => {
  test('a price list and a dictionary that fail', async () => {
    const fail = (): never => {
      throw new Error('broken')
    }
    await using it = await host({ service: { costUsd: fail, texts: { answer: fail } } })
    const turn = await it.chats.send({ identity, message: 'Hi' })
    expect(turn).toMatchObject({ content: 'Hello from the fake.', costUsd: null, status: 'complete' })
  })

  test('an answer that cannot be kept is in the error', async () => {
    const store = createMemoryStore()
    let writes = 0
    const failing: typeof store = {
      ...store,
      transaction: (work, call) =>
        ++writes === 2 ? Promise.reject(new Error('disk full')) : store.transaction(work, call),
    }
    await using it = await host({ store: failing })
    const request = { identity, message: 'Hi', requestId: 'r1' }
    await expect(it.chats.send(request)).rejects.toMatchObject({
      message: expect.stringContaining('disk full') as string,
      partial: { text: 'Hello from the fake.' },
    })
    // The same request resumes the interrupted turn.
    const turn = await it.chats.send(request)
    expect(await keptTurns(store, turn.conversationId)).toHaveLength(2)
  })

  test('parts of other libraries are read, and what is none is refused before it is kept', async () => {
    await using it = await host()
    const openai = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } } as never
    const { conversationId } = await it.chats.send({ identity, message: [openai] })
    const [question] = await it.store.messages.history(conversationId, { limit: 2 })
    expect(question?.content).toEqual([{ type: 'image', url: 'https://example.com/a.png' }])
    const odd = [{ type: 'evil', text: 'x' }] as never
    for (const work of [
      it.chats.send({ identity, conversationId, message: odd }),
      it.chats.post({ identity, conversationId, message: odd }),
    ])
      await expect(work).rejects.toMatchObject({ kind: 'invalid-request' })
    expect((await it.chats.get({ identity, conversationId })).messageCount).toBe(2)
  })

  test('a model that was named beside its provider is remembered with it', async () => {
    await using it = await host()
    const named = { provider: 'openai', model: 'gpt-4.1' }
    const { conversationId } = await it.chats.send({ identity, message: 'Hi', ...named })
    await it.chats.send({ identity, conversationId, message: 'Hi' })
    expect(it.provider.log.at(-1)?.request?.model).toBe('gpt-4.1')
  })
})

describe('a streamed turn', () => {
  test('stores what a whole one stores', async () => {
    const script = { text: 'one two three', reasoning: 'so', usage: { inputTokens: 3, outputTokens: 3 } }
    await using it = await host({ script })
    const whole = await it.chats.send({ identity, message: 'Hi' })
    const stream = await it.chats.stream({ identity, message: 'Hi' })
    const events: StreamEvent[] = []
    for await (const event of stream) events.push(event)
    const streamed = await stream.turn
    expect(stream.conversationId).toBe(streamed.conversationId)
    const text = events.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')
    expect(text).toBe('one two three')
    const kept = await Promise.all(
      [whole, streamed].map(({ conversationId }) => it.store.messages.history(conversationId, { limit: 10 })),
    )
    const [a, b] = kept.map((turns) =>
      turns.map(
        ({ id: _id, conversationId: _where, requestId: _by, metadata: _meta, createdAt: _at, ...said }) =>
          said,
      ),
    )
    expect(b).toEqual(a)
    expect({ ...streamed, ...ids }).toEqual({ ...whole, ...ids })
  })
  const ids = {
    requestId: '',
    conversationId: '',
    messageId: '',
    userMessageId: '',
    createdAt: 0,
    attempts: [],
  }

  test('stream.turn alone drives it', async () => {
    await using it = await host({ script: 'one two three' })
    const stream = await it.chats.stream({ identity, message: 'Hi' })
    expect(await stream.turn).toMatchObject({ content: 'one two three', status: 'complete' })
  })

  test('a refusal of the provider rejects the stream itself; the user’s turn waits for its answer', async () => {
    await using it = await host({ script: [{ error: 'server-failed' }, 'At last.'] as never })
    const { id: conversationId } = await it.chats.create({ identity })
    const request = { identity, conversationId, message: 'Hi', requestId: 'r1' }
    await expect(it.chats.stream(request)).rejects.toBeInstanceOf(LlmError)
    expect(await keptTurns(it.store, conversationId)).toEqual(['user: Hi'])
    expect(await it.chats.send(request)).toMatchObject({ content: 'At last.', repeated: false })
    expect(await keptTurns(it.store, conversationId)).toEqual(['user: Hi', 'assistant: At last.'])
  })

  test('leaving the loop keeps what there was, marked as cut, with its usage estimated', async () => {
    await using it = await host({ script: { text: 'one two three four', pacing: { betweenMs: 20 } } })
    const stream = await it.chats.stream({ identity, message: 'Hi' })
    for await (const event of stream) if (event.type === 'text-delta') break
    await expect(stream.turn).rejects.toMatchObject({ kind: 'aborted' })
    const [, answer] = await it.store.messages.history(stream.conversationId, { limit: 5 })
    expect(answer).toMatchObject({ role: 'assistant', partial: true, usage: { estimated: true } })
    expect(answer?.content).toMatch(/^one/)
    expect(answer?.content).not.toMatch(/four/)
    const { totalTokens } = await it.chats.usage({ identity })
    expect(totalTokens).toBe(answer?.usage?.totalTokens)
  })

  test.each(['cancel', 'signal'] as const)('so does an abort by %s', async (by) => {
    await using it = await host({ script: { text: 'one two three four', pacing: { betweenMs: 20 } } })
    const controller = new AbortController()
    const stream = await it.chats.stream({ identity, message: 'Hi', signal: controller.signal })
    const read = async (): Promise<void> => {
      for await (const event of stream)
        if (event.type === 'text-delta') {
          if (by === 'cancel') stream.cancel()
          else controller.abort()
        }
    }
    await expect(read()).rejects.toMatchObject({
      kind: 'aborted',
      partial: { text: expect.stringMatching(/^one/) },
    })
    expect(await keptTurns(it.store, stream.conversationId)).toEqual([
      'user: Hi',
      expect.stringMatching(/^assistant: one.*\(cut\)$/),
    ])
  })

  test('and a stream that the provider cuts', async () => {
    await using it = await host({ script: { text: 'one two three', chaos: { type: 'cut', at: 'middle' } } })
    const stream = await it.chats.stream({ identity, message: 'Hi' })
    await expect(stream.turn).rejects.toMatchObject({ kind: 'stream-broken' })
    expect((await keptTurns(it.store, stream.conversationId))[1]).toMatch(/one.*\(cut\)$/)
  })

  test('and one that was opened and forgotten', async () => {
    await using it = await host({ script: { text: 'one two three', pacing: { betweenMs: 10_000 } } })
    const stream = await it.chats.stream({ identity, message: 'Hi', timeouts: { totalMs: 1_000 * patience } })
    await expect
      .poll(() => keptTurns(it.store, stream.conversationId))
      .toEqual(['user: Hi', expect.stringMatching(/one.*\(cut\)$/)])
  })

  test('a tool call of an answer that broke off is not kept: it must never be made', async () => {
    const script = {
      text: 'Let me look.',
      toolCalls: [{ name: 'look', arguments: {} }],
      chaos: { type: 'cut', at: 'finish' },
    } as const
    await using it = await host({ script })
    let runs = 0
    const look = defineTool({ name: 'look', execute: () => runs++ })
    const stream = await it.chats.stream({ identity, message: 'Hi', tools: [look] })
    await expect(stream.turn).rejects.toMatchObject({ kind: 'stream-broken' })
    const kept = await it.store.messages.history(stream.conversationId, { limit: 5 })
    expect(JSON.stringify(kept)).not.toContain('tool-call')
    expect(runs).toBe(0)
  })
})

describe('tools', () => {
  const look = defineTool({
    name: 'look',
    parameters: { type: 'object', properties: { at: { type: 'string' } } },
    execute: ({ at }: { at: string }) => `seen ${at}`,
  })

  test.each(['send', 'stream'] as const)('are run, and every round is kept: %s', async (how) => {
    await using it = await host({
      script: ({ toolResults }) =>
        toolResults.length === 0
          ? {
              toolCalls: [{ name: 'look', arguments: { at: 'sky' } }],
              usage: { inputTokens: 5, outputTokens: 5 },
            }
          : { text: `I have ${toolResults[0]?.text}.`, usage: { inputTokens: 9, outputTokens: 1 } },
    })
    const request = { identity, message: 'Look', tools: [look] }
    const turn = how === 'send' ? await it.chats.send(request) : await (await it.chats.stream(request)).turn
    expect(turn).toMatchObject({ content: 'I have seen sky.', tokens: 20, usage: { totalTokens: 10 } })
    expect(await keptTurns(it.store, turn.conversationId)).toEqual([
      'user: Look',
      'assistant: tool-call',
      'tool: seen sky',
      'assistant: I have seen sky.',
    ])
    expect((await it.chats.usage({ identity })).totalTokens).toBe(20)
    await it.chats.send({ identity, conversationId: turn.conversationId, message: 'And?' })
    expect(sentTurns(it.provider).slice(0, 3)).toEqual(['user: Look', 'assistant: ', 'tool: '])
  })

  test('a tool that throws tells the model so', async () => {
    await using it = await host({
      script: ({ toolResults }) =>
        toolResults.length === 0 ? { toolCalls: [{ name: 'look' }] } : `It said: ${toolResults[0]?.text}`,
    })
    const broken = defineTool({
      name: 'look',
      execute: () => {
        throw new Error('too dark')
      },
    })
    expect(await it.chats.send({ identity, message: 'Look', tools: [broken] })).toMatchObject({
      content: expect.stringMatching(/^It said: .*too dark/),
    })
  })

  test('a call that the service cannot run is handed over, and the rounds have an end', async () => {
    await using it = await host({ script: { toolCalls: [{ name: 'look', arguments: { at: 'x' } }] } })
    const { execute: _none, ...named } = look
    const turn = await it.chats.send({ identity, message: 'Look', tools: [named] })
    expect(turn).toMatchObject({ finishReason: 'tool-calls', toolCalls: [{ name: 'look' }] })
    await using other = await host({
      script: { toolCalls: [{ name: 'look', arguments: { at: 'x' } }] },
      service: { maxToolRounds: 2 },
    })
    await other.chats.send({ identity, message: 'Look', tools: [look] })
    expect(other.provider.log).toHaveLength(3)
  })
})

describe('whether a turn is kept', () => {
  test.each([
    [undefined, undefined, true],
    [undefined, true, true],
    [undefined, false, false],
    [true, false, true],
    [false, true, false],
    [false, undefined, false],
  ])('asked for %s, service set to %s: %s', async (asked, set, kept) => {
    await using it = await host({ service: { persist: set } })
    const turn = await it.chats.send({ identity, message: 'Hi', persist: asked })
    expect(turn.persisted).toBe(kept)
    expect((await it.chats.list({ identity })).data).toHaveLength(kept ? 1 : 0)
    // Usage is counted even if the turn is not stored.
    expect((await it.chats.usage({ identity })).calls).toBe(1)
  })

  test('a turn that is not stored reads the history of a conversation and does not change it', async () => {
    await using it = await host({ script: 'Yes.' })
    const { conversationId } = await it.chats.send({ identity, message: 'one' })
    await it.chats.send({ identity, conversationId, message: 'aside', persist: false })
    expect(sentTurns(it.provider)).toEqual(['user: one', 'assistant: Yes.', 'user: aside'])
    expect(await keptTurns(it.store, conversationId)).toEqual(['user: one', 'assistant: Yes.'])
  })

  test.each(['service', 'orchestrator'] as const)(
    'a service without a store keeps chats in memory, and tells the logger of its %s once',
    async (owner) => {
      const lines: string[] = []
      const silent = (): void => undefined
      const warn = (_fields: object, message: string): void => void lines.push(message)
      const logger = { debug: silent, info: silent, warn, error: silent }
      await using it = await host({
        orchestrator: owner === 'orchestrator' ? { logger } : {},
        service: { store: undefined, ...(owner === 'service' ? { logger } : {}) },
      })
      const { conversationId, persisted } = await it.chats.send({ identity, message: 'Hi' })
      expect(persisted).toBe(true)
      await it.chats.send({ identity, conversationId, message: 'And now?' })
      expect(await it.chats.get({ identity, conversationId })).toMatchObject({ messageCount: 4 })
      expect(await it.chats.usage({ identity })).toMatchObject({ calls: 2, conversationCount: 1 })
      expect(lines).toEqual([expect.stringContaining('keeps chats in the memory of this process')])
    },
  )

  test('a service that stores no turns says nothing about a missing store', async () => {
    const lines: string[] = []
    const note = (_fields: object, message: string): void => void lines.push(message)
    const logger = { debug: note, info: note, warn: note, error: note }
    await using it = await host({ service: { store: undefined, persist: false, logger } })
    const turn = await it.chats.send({ identity, message: 'Hi' })
    expect(turn).toMatchObject({ persisted: false, content: 'Hello from the fake.' })
    expect(lines).toEqual([])
  })

  test('one price hook: the costs of an orchestrator are those of the chats over it, unless they have their own', async () => {
    const costUsd = ({ totalTokens }: { totalTokens: number }): number => totalTokens / 1_000
    const own = (): null => null
    for (const [service, expected] of [
      [{}, (tokens: number) => tokens / 1_000],
      [{ costUsd: own }, () => null],
    ] as const) {
      await using it = await host({ orchestrator: { costUsd }, service })
      const { usage, costUsd: cost } = await it.chats.send({ identity, message: 'Hi' })
      expect(cost).toBe(expected(usage.totalTokens))
      const totals = await it.chats.usage({ identity })
      expect([totals.costUsd, totals.unpricedCalls]).toEqual([
        expected(usage.totalTokens) ?? 0,
        cost === null ? 1 : 0,
      ])
    }
  })
})
