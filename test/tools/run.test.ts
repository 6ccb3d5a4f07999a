import { defineTool, type Tool } from 'llm-switchyard'
import { costReached, runTools, stepCount, tokensUsed, toolCalled } from 'llm-switchyard/tools'
import { describe, expect, test } from 'vitest'
import {
  asking,
  calling,
  eventsOf,
  runHost,
  saying,
  steps,
  typesOf,
  USAGE,
  type RunHost,
} from './run-host.ts'
import { failure } from '../failure.ts'

const look = defineTool({ name: 'look', execute: () => ({ seen: true }) })

describe('a run is one stream, and one response', () => {
  test.each([0, 1, 3])('with %i steps of tools', async (count) => {
    const rounds = Array.from({ length: count }, (_none, at) => calling(['look', { at }]))
    await using it = await runHost(steps(...rounds, saying('Done.')))
    const stream = await it.orchestrator.run({ ...asking, tools: [look], stream: true })
    const events = await eventsOf(stream)
    const step = ['tool-call', 'tool-result', 'step']
    expect(typesOf(events)).toEqual(['start', ...Array.from({ length: count }, () => step).flat(), 'finish'])
    const usage = { inputTokens: 5 * (count + 1), outputTokens: 5 * (count + 1) }
    expect(events.at(-1)).toMatchObject({ type: 'finish', finishReason: 'stop', usage })
    const streamed = await stream.response
    const whole = await it.orchestrator.run({ ...asking, tools: [look] })
    for (const response of [streamed, whole]) {
      expect(response).toMatchObject({ status: 'complete', text: 'Done.', usage, pending: [] })
      expect(response.steps.map(({ index }) => index)).toEqual([...Array(count).keys()])
      expect(response.messages).toHaveLength(2 * count + 1)
      expect(response.attempts).toHaveLength(count + 1)
    }
    expect(it.orchestrator.stats().active).toBe(0)
  })

  test('over any chatApiCall', async () => {
    await using it = await runHost(steps(calling(['look', {}]), saying('Done.')))
    const { chatApiCall } = it.orchestrator
    const costUsd = (): number => 0.5
    const whole = await runTools(chatApiCall, { ...asking, tools: [look] }, { costUsd })
    expect(whole).toMatchObject({ text: 'Done.', costUsd: 1, steps: [{ costUsd: 0.5 }] })
    const stream = await runTools(chatApiCall, { ...asking, tools: [look], stream: true })
    expect(typesOf(await eventsOf(stream)).at(-1)).toBe('finish')
  })

  test('a failing later step ends all of it, with the run so far', async () => {
    await using it = await runHost(steps(calling(['look', {}]), { error: 'invalid-request' } as never))
    const stream = await it.orchestrator.run({ ...asking, tools: [look], stream: true })
    const ends: unknown[] = []
    const request = {
      ...asking,
      tools: [look],
      onEnd: (response: unknown, error: unknown) => void ends.push([response, error]),
    }
    for (const work of [eventsOf(stream), stream.response, it.orchestrator.run(request)]) {
      const error = await failure(work)
      expect(error.kind).toBe('invalid-request')
      expect(error.partial).toMatchObject({ toolCalls: [{ name: 'look' }] })
    }
    expect(ends).toHaveLength(1)
  })
})

describe('what a step runs', () => {
  test.each<[string, Tool, object, string]>([
    [
      'arguments that do not fit',
      {
        name: 'look',
        parameters: { type: 'object', properties: { n: { type: 'number' } } },
        execute: () => 1,
      },
      { n: 'x' },
      'invalid arguments: n',
    ],
    [
      'a tool that throws',
      {
        name: 'look',
        execute: () => {
          throw new Error('boom')
        },
      },
      {},
      'boom',
    ],
    [
      'a permission that the caller lacks',
      { name: 'look', permission: 'deploy', execute: () => 1 },
      {},
      'there is no tool "look"',
    ],
  ])('%s: the model gets an error and goes on', async (_what, tool, args, message) => {
    await using it = await runHost(steps(calling(['look', args]), saying('Done.')))
    const reply = await it.orchestrator.run({ ...asking, tools: [tool, { name: 'other', execute: () => 1 }] })
    expect(reply.text).toBe('Done.')
    expect(reply.steps[0]?.results[0]).toMatchObject({ success: false })
    expect(JSON.stringify(reply.steps[0]?.results)).toContain(message.replaceAll('"', String.raw`\"`))
  })

  test('tools that need a permission are shown with it alone', async () => {
    await using it = await runHost(saying('Done.') as never)
    const tools = [look, { name: 'deploy', permission: 'deploy', execute: () => 1 }]
    await it.orchestrator.run({ ...asking, tools })
    await it.orchestrator.run({ ...asking, tools, permissions: ['deploy'] })
    expect(it.bodies().map((body) => JSON.stringify(body).includes('"deploy"'))).toEqual([false, true])
  })

  test('the context of a tool', async () => {
    await using it = await runHost(steps(calling(['look', {}, 'c1']), saying('Done.')))
    const seen: unknown[] = []
    const tool: Tool = { name: 'look', execute: (_args: never, context) => void seen.push(context) }
    await it.orchestrator.run({
      ...asking,
      tools: [tool],
      runId: 'run_1',
      userId: 'ada',
      identity: { role: 'dev' },
      permissions: ['read'],
    })
    expect(seen[0]).toMatchObject({
      toolCallId: 'c1',
      toolName: 'look',
      runId: 'run_1',
      step: 0,
      idempotencyKey: 'run_1.0.c1',
      userId: 'ada',
      identity: { role: 'dev' },
      permissions: ['read'],
    })
  })

  test('what a tool reports reaches the stream while it runs', async () => {
    await using it = await runHost(steps(calling(['look', {}]), saying('Done.')))
    const told = Promise.withResolvers<void>()
    const tool: Tool = {
      name: 'look',
      execute: async (_args: never, { emit }) => {
        emit?.({ done: 1 })
        await told.promise
        emit?.({ done: 2 })
        return 'ok'
      },
    }
    const stream = await it.orchestrator.run({ ...asking, tools: [tool], stream: true })
    const types: string[] = []
    for await (const event of stream) {
      types.push(event.type)
      if (event.type === 'tool-progress') told.resolve()
    }
    expect(types.filter((type) => type.startsWith('tool-') || type === 'step')).toEqual([
      'tool-call-start',
      'tool-call-delta',
      'tool-call',
      'tool-progress',
      'tool-progress',
      'tool-result',
      'step',
    ])
  })

  test('at most maxParallelTools at once, and a sequential tool alone', async () => {
    const calls = Array.from({ length: 6 }, (_none, at) => ['work', { at }] as const)
    await using it = await runHost(steps(calling(...calls, ['alone', {}], ...calls), saying('Done.')))
    let running = 0
    const most = { work: 0, alone: 0 }
    const tool = (name: 'work' | 'alone'): Tool => ({
      name,
      sequential: name === 'alone',
      execute: async () => {
        running++
        most[name] = Math.max(most[name], running)
        await new Promise((resolve) => void setImmediate(resolve))
        running--
        return name
      },
    })
    const reply = await it.orchestrator.run({
      ...asking,
      tools: [tool('work'), tool('alone')],
      maxParallelTools: 3,
    })
    expect(reply.steps[0]?.results).toHaveLength(13)
    expect(most).toEqual({ work: 3, alone: 1 })
  })

  test('a failed run of a tool is repeated as often as it says', async () => {
    await using it = await runHost(steps(calling(['look', {}]), saying('Done.')))
    let tries = 0
    const tool: Tool = {
      name: 'look',
      retries: 2,
      execute: () => {
        if (++tries < 3) throw new Error('busy')
        return 'ok'
      },
    }
    const reply = await it.orchestrator.run({ ...asking, tools: [tool] })
    expect([tries, reply.steps[0]?.results[0]]).toMatchObject([3, { success: true, data: 'ok' }])
  })

  test.each<[string, unknown, unknown]>([
    ['a big integer', { n: 10n }, { n: '10' }],
    [
      'a circle',
      (() => {
        const one: Record<string, unknown> = { a: 1 }
        one['self'] = one
        return one
      })(),
      { a: 1, self: '[circular]' },
    ],
    ['nothing', undefined, null],
  ])('%s as a result is JSON', async (_what, value, data) => {
    await using it = await runHost(steps(calling(['look', {}]), saying('Done.')))
    const reply = await it.orchestrator.run({ ...asking, tools: [{ name: 'look', execute: () => value }] })
    expect(reply.steps[0]?.results[0]).toMatchObject({ success: true, data })
  })

  test('a long result is cut for the model, and toModelOutput decides what it gets', async () => {
    await using it = await runHost(steps(calling(['long', {}], ['short', {}]), saying('Done.')))
    const tools: Tool[] = [
      { name: 'long', maxResultChars: 10, execute: () => 'x'.repeat(100) },
      { name: 'short', toModelOutput: () => 'two rows', execute: () => [{ a: 1 }, { a: 2 }] },
    ]
    const reply = await it.orchestrator.run({ ...asking, tools })
    const [, long, short] = reply.messages
    expect(long).toMatchObject({ content: `${'x'.repeat(10)}\n[90 more characters were cut]` })
    expect(short).toMatchObject({ content: 'two rows' })
    expect(reply.steps[0]?.results[1]).toMatchObject({ data: [{ a: 1 }, { a: 2 }] })
  })
})

describe('when a run ends', () => {
  const bodies = (it: RunHost): boolean[] =>
    it.bodies().map((body) => JSON.stringify(body).includes('"tools"'))

  test('the model call after the last round has no tools', async () => {
    await using it = await runHost(({ tools }) =>
      tools.length > 0 ? calling(['look', { at: Math.random() }]) : saying('Words.'),
    )
    const reply = await it.orchestrator.run({ ...asking, tools: [look], maxToolRounds: 2 })
    expect([reply.text, bodies(it)]).toEqual(['Words.', [true, true, false]])
  })

  test('after maxRepairs calls with wrong arguments, and after maxRepeats of the same call', async () => {
    const strict: Tool = {
      name: 'look',
      parameters: { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] },
      execute: () => 1,
    }
    for (const [args, count] of [
      [{ n: 'x' }, 3],
      [{ n: 1 }, 5],
    ] as const) {
      await using it = await runHost(({ tools }) =>
        tools.length > 0 ? calling(['look', args]) : saying('Words.'),
      )
      const reply = await it.orchestrator.run({ ...asking, tools: [strict] })
      expect([reply.text, it.bodies().length, bodies(it).at(-1)]).toEqual(['Words.', count, false])
    }
  })

  test.each([
    ['stepCount', stepCount(1)],
    ['toolCalled', toolCalled('look')],
    ['tokensUsed', tokensUsed(10)],
    ['costReached', costReached(1)],
    ['a list', [() => false, () => true]],
  ])('%s stops it', async (_name, stopWhen) => {
    await using it = await runHost(steps(calling(['look', {}]), saying('Done.')))
    const reply = await it.orchestrator.run({ ...asking, tools: [look], stopWhen })
    expect(reply).toMatchObject({ status: 'stopped', finishReason: 'tool-calls', usage: USAGE })
    expect(it.bodies()).toHaveLength(1)
  })

  test('prepareStep sets one call, onStep is called with each step', async () => {
    await using it = await runHost(steps(calling(['look', {}]), saying('Done.')))
    const seen: number[] = []
    await it.orchestrator.run({
      ...asking,
      tools: [look],
      prepareStep: ({ steps: done }) => (done.length === 1 ? { maxTokens: 7, tools: [] } : undefined),
      onStep: ({ index }, { steps: done }) => void seen.push(index, done.length),
    })
    expect(seen).toEqual([0, 1])
    expect(it.bodies().map((body) => body['max_completion_tokens'] ?? body['max_tokens'])).toEqual([
      undefined,
      7,
    ])
  })

  test.each(['prepareStep', 'onStep', 'stopWhen'] as const)('a %s that throws ends it', async (name) => {
    await using it = await runHost(steps(calling(['look', {}]), saying('Done.')))
    const thrown = (): never => {
      throw new Error('broken')
    }
    const error = await failure(it.orchestrator.run({ ...asking, tools: [look], [name]: thrown }))
    expect(error.message).toContain('broken')
    expect(it.orchestrator.stats().active).toBe(0)
  })

  test.each(['prepareStep', 'onStep', 'stopWhen', 'tool'] as const)(
    'a %s that never answers ends with the signal',
    async (name) => {
      await using it = await runHost(steps(calling(['look', {}]), saying('Done.')))
      const abort = new AbortController()
      const hang = (): Promise<never> => {
        setImmediate(() => abort.abort())
        return new Promise(() => undefined)
      }
      const tools = name === 'tool' ? [{ ...look, execute: hang }] : [look]
      const how = name === 'tool' ? {} : { [name]: hang }
      const error = await failure(it.orchestrator.run({ ...asking, tools, signal: abort.signal, ...how }))
      expect(error.kind).toBe('aborted')
      expect(it.orchestrator.stats().active).toBe(0)
    },
  )

  test('a reader that leaves aborts the model and the tools', async () => {
    await using it = await runHost(steps(calling(['look', {}]), saying('Done.')))
    const aborted = Promise.withResolvers<unknown>()
    const tool: Tool = {
      name: 'look',
      execute: (_args: never, { signal, emit }) => {
        signal?.addEventListener('abort', () => aborted.resolve('aborted'))
        emit?.(1)
        return new Promise(() => undefined)
      },
    }
    const stream = await it.orchestrator.run({ ...asking, tools: [tool], stream: true })
    for await (const event of stream) if (event.type === 'tool-progress') break
    expect(await aborted.promise).toBe('aborted')
    expect(it.orchestrator.stats().active).toBe(0)
  })
})

describe('limits and queue', () => {
  test('count a run once, and its tokens at every step', async () => {
    await using it = await runHost(
      steps(calling(['look', {}]), calling(['look', { n: 1 }]), saying('Done.')),
      {
        limits: { user: { requestsPerMinute: 1 } },
        queue: { concurrency: 1 },
      },
    )
    const request = { ...asking, tools: [look], userId: 'ada' }
    expect(await it.orchestrator.run(request)).toMatchObject({ text: 'Done.' })
    expect((await failure(it.orchestrator.run(request))).kind).toBe('limit-exceeded')
  })

  test('a tool that calls the orchestrator does not wait for the slot of its run', async () => {
    await using it = await runHost(
      ({ prompt, turns }) => {
        if (prompt === 'inner') return 'inner answer'
        return turns.some(({ role }) => role === 'tool') ? saying('Done.') : calling(['ask', {}])
      },
      { queue: { concurrency: 1 } },
    )
    const ask: Tool = {
      name: 'ask',
      execute: async (_args: never, { parent }) => {
        const messages = [{ role: 'user' as const, content: 'inner' }]
        return (await it.orchestrator.chatApiCall({ model: 'openai/gpt-4.1-mini', messages, parent })).text
      },
    }
    const reply = await it.orchestrator.run({ ...asking, tools: [ask] })
    expect(reply.steps[0]?.results[0]).toMatchObject({ data: 'inner answer' })
  })
})

test.each([
  ['n', 2],
  ['maxToolRounds', -1],
  ['stopWhen', 3],
  ['runs', {}],
  ['maxToolRound', 3],
])('a wrong %s is refused with its path', async (name, value) => {
  await using it = await runHost(saying('x') as never)
  const error = await failure(it.orchestrator.run({ ...asking, tools: [look], [name]: value }))
  expect([error.kind, error.issues?.[0]?.path]).toEqual(['invalid-request', name])
})
