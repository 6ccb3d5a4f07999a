import { defineTool, type StreamEvent, type Tool } from 'llm-switchyard'
import { createAgent, type Agent } from 'llm-switchyard/agents'
import { createMemoryRunStore, createToolRegistry } from 'llm-switchyard/tools'
import { describe, expect, test } from 'vitest'
import { calling, eventsOf, runHost, saying, typesOf, type RunHost } from '../tools/run-host.ts'
import type { FakeScript } from 'llm-switchyard/testing'
import { failure } from '../failure.ts'

const model = 'openai/gpt-4.1-mini'
const look = defineTool({ name: 'look', execute: () => 'seen' })

/** A script by the agent's name, which its instructions begin with, and by the number of its steps so far. */
function byAgent(replies: Readonly<Record<string, readonly ReturnType<typeof saying>[]>>): FakeScript {
  return ({ system, turns }) => {
    const name = /^You are ([\w ]+)\./.exec(system)?.[1] ?? ''
    const since = turns.slice(turns.findLastIndex(({ role }) => role === 'user'))
    const done = since.filter(({ role }) => role === 'assistant').length
    const list = replies[name] ?? []
    return list[Math.min(done, list.length - 1)] ?? saying(`no script for "${name}"`)
  }
}

const delegating = byAgent({
  Lead: [calling(['delegate_to_content_agent', { task: 'Find it.' }, 'd1']), saying('All found.')],
  'Content Agent': [calling(['look', {}, 'l1']), saying('It is here.')],
})

function team({ orchestrator }: RunHost, more: Partial<Parameters<typeof createAgent>[0]> = {}): Agent {
  const content = createAgent({ name: 'Content Agent', purpose: 'Finds content.', tools: [look] })
  return createAgent({ name: 'Lead', orchestrator, model, subagents: [content], ...more })
}

test('an agent answers with its instructions, settings and tools', async () => {
  await using it = await runHost(byAgent({ Ada: [calling(['look', {}]), saying('Done.')] }))
  const { orchestrator } = it
  const agent = createAgent({
    name: 'Ada',
    purpose: 'Looks.',
    instructions: 'Be brief.',
    markdown: false,
    orchestrator,
    model,
    settings: { temperature: 0.2 },
    tools: [look],
  })
  const reply = await agent.send({ message: 'Hi' })
  expect(reply).toMatchObject({ text: 'Done.', status: 'complete', agents: [] })
  const [body] = it.bodies()
  expect(body).toMatchObject({ temperature: 0.2 })
  expect(JSON.stringify(body)).toContain(
    String.raw`You are Ada.\nYour purpose: Looks.\nBe brief.\nAnswer in plain text, without Markdown.`,
  )
})

describe('a subagent', () => {
  test('is a tool, whose usage and cost are summed and listed', async () => {
    await using it = await runHost(delegating, { costUsd: () => 0.25 })
    const reply = await team(it).send({ message: 'Where?' })
    expect(reply).toMatchObject({
      text: 'All found.',
      usage: { inputTokens: 20, outputTokens: 20 },
      costUsd: 1,
      agents: [{ agent: 'Content Agent', toolCallId: 'd1', usage: { inputTokens: 10 }, costUsd: 0.5 }],
    })
    expect(it.bodies()).toHaveLength(4)
  })

  test('shows its events in the stream, under the call that delegated', async () => {
    await using it = await runHost(delegating)
    const events = await eventsOf(await team(it).stream({ message: 'Where?' }))
    const inner: StreamEvent[] = []
    for (const event of events)
      if (event.type === 'agent-event') {
        expect(event).toMatchObject({ agent: 'Content Agent', parentToolCallId: 'd1' })
        inner.push(event.event)
      }
    expect(typesOf(inner)).toEqual(['start', 'tool-call', 'tool-result', 'step', 'finish'])
    expect(typesOf(events).filter((type) => type !== 'agent-event')).toEqual([
      'start',
      'tool-call',
      'tool-result',
      'step',
      'finish',
    ])
    expect(events.at(-1)).toMatchObject({ usage: { inputTokens: 20 } })
  })

  test('waits for no slot that its parent holds, and is counted once', async () => {
    await using it = await runHost(delegating, {
      queue: { concurrency: 1 },
      limits: { user: { requestsPerMinute: 1 } },
    })
    expect((await team(it).send({ message: 'Where?', userId: 'ada' })).text).toBe('All found.')
  })

  test('that fails is a tool error for its parent', async () => {
    await using it = await runHost(
      byAgent({
        Lead: [calling(['delegate_to_content_agent', { task: 'Find it.' }]), saying('Sorry.')],
        'Content Agent': [{ error: 'invalid-request' } as never],
      }),
    )
    const reply = await team(it).send({ message: 'Where?' })
    expect(reply.text).toBe('Sorry.')
    expect(reply.steps[0]?.results[0]).toMatchObject({ success: false })
  })

  test('is in the usage of a run that fails after it', async () => {
    await using it = await runHost(delegating)
    const thrown = (): never => {
      throw new Error('broken')
    }
    const error = await failure(team(it).send({ message: 'Where?', onStep: thrown }))
    expect(error.partial?.usage).toMatchObject({ inputTokens: 15, outputTokens: 15 })
  })

  test('ends with the signal of its parent', async () => {
    const abort = new AbortController()
    const inner = Promise.withResolvers<unknown>()
    const slow: Tool = {
      name: 'look',
      execute: (_args: never, { signal }) => {
        signal?.addEventListener('abort', () => inner.resolve('aborted'))
        setImmediate(() => abort.abort())
        return new Promise(() => undefined)
      },
    }
    await using it = await runHost(delegating)
    const content = createAgent({ name: 'Content Agent', tools: [slow] })
    const error = await failure(
      team(it, { subagents: [content] }).send({ message: 'x', signal: abort.signal }),
    )
    expect([error.kind, await inner.promise, it.orchestrator.stats().active]).toEqual([
      'aborted',
      'aborted',
      0,
    ])
  })

  test.each<[string, string[] | undefined, string[] | undefined, boolean]>([
    ['both', ['deploy'], undefined, true],
    ['the agent alone', undefined, ['deploy'], false],
    ['neither', undefined, undefined, false],
    ['the caller, and the agent has less', ['deploy'], ['read'], false],
  ])('has a tool that needs a permission if %s have it', async (_who, callers, own, isShown) => {
    await using it = await runHost(delegating)
    const tools = [
      { ...look, permission: 'deploy' },
      { name: 'other', execute: () => 1 },
    ]
    const content = createAgent({ name: 'Content Agent', tools, ...(own && { permissions: own }) })
    await team(it, { subagents: [content] }).send({ message: 'x', ...(callers && { permissions: callers }) })
    const bodies = it.bodies().map((body) => JSON.stringify(body))
    const inner = bodies.find((body) => body.includes('You are Content Agent'))
    expect(inner?.includes('"look"')).toBe(isShown)
  })

  test('is nested three levels deep at most', async () => {
    const chain = [1, 2, 3].reduce<Agent>(
      (below, level) => createAgent({ name: `Level ${level}`, subagents: [below] }),
      createAgent({ name: 'Level 0' }),
    )
    expect(chain.depth).toBe(3)
    const error = await failure(() => createAgent({ name: 'Top', subagents: [chain] }))
    expect([error.kind, error.issues?.[0]?.path]).toEqual(['misconfigured', 'subagents'])
  })

  test('keeps its records beside those of its parent, so that its finished tools never run again', async () => {
    const runs = createMemoryRunStore()
    let ran = 0
    let calls = 0
    await using it = await runHost((request) => {
      // The process ends during the second model call of the subagent.
      if (++calls === 3) return { error: 'invalid-request' } as never
      return (delegating as (given: typeof request) => never)(request)
    })
    const counted: Tool = { name: 'look', execute: () => ++ran }
    const content = createAgent({ name: 'Content Agent', tools: [counted] })
    const agent = team(it, {
      subagents: [content],
      hooks: {
        onStep: () => {
          if (calls === 4) throw new Error('killed')
        },
      },
    })
    const request = { message: 'Where?', runs, runId: 'run_1', userId: 'ada' }
    await agent.send(request).catch(() => undefined)
    const inner = await runs.read({ owner: 'ada', runId: 'run_1.0.d1' })
    expect(inner.map(({ type }) => type)).toContain('tool')
    await agent.send(request)
    expect(ran).toBe(1)
  })
})

describe('what an agent is given', () => {
  test('tools from a function are made once, for all that start in the meantime', async () => {
    await using it = await runHost(byAgent({ Ada: [saying('Done.')] }))
    const gate = Promise.withResolvers<readonly Tool[]>()
    let made = 0
    const agent = createAgent({
      name: 'Ada',
      orchestrator: it.orchestrator,
      model,
      tools: () => {
        made++
        return made === 1 ? Promise.reject(new Error('not yet')) : gate.promise
      },
    })
    await expect(agent.send({ message: 'x' })).rejects.toThrow('not yet')
    const both = Promise.all([agent.send({ message: 'x' }), agent.send({ message: 'y' })])
    gate.resolve([look])
    await both
    expect([made, it.bodies().length]).toEqual([2, 2])
  })

  test('tools from a function are those of its kind', async () => {
    await using it = await runHost(byAgent({ Ada: [saying('Done.')] }))
    const registry = createToolRegistry()
    registry.register({ ...look, tags: ['navigator'] })
    registry.register({ name: 'paint', tags: ['painter'], execute: () => 1 })
    const agent = createAgent({
      name: 'Ada',
      orchestrator: it.orchestrator,
      model,
      archetype: 'navigator',
      tools: ({ archetype }) => registry.discover({ archetype }),
    })
    await agent.send({ message: 'x' })
    const body = JSON.stringify(it.bodies()[0])
    expect([body.includes('"look"'), body.includes('"paint"')]).toEqual([true, false])
  })

  test('without memory it sees the newest message alone', async () => {
    await using it = await runHost(byAgent({ Ada: [saying('Done.')] }))
    const messages = [
      { role: 'user' as const, content: 'old' },
      { role: 'assistant' as const, content: 'older answer' },
    ]
    for (const memory of [true, false]) {
      const agent = createAgent({ name: 'Ada', orchestrator: it.orchestrator, model, memory })
      await agent.send({ messages, message: 'new' })
    }
    expect(it.bodies().map((body) => JSON.stringify(body).includes('older answer'))).toEqual([true, false])
  })

  test('an output schema makes an object', async () => {
    await using it = await runHost(byAgent({ Ada: [saying('{"n":3}')] }))
    const output = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] }
    const agent = createAgent({ name: 'Ada', orchestrator: it.orchestrator, model, output })
    expect((await agent.send({ message: 'x' })).object).toEqual({ n: 3 })
  })

  test('a budget of tokens ends its run', async () => {
    await using it = await runHost(byAgent({ Ada: [calling(['look', {}]), saying('Done.')] }))
    const agent = createAgent({
      name: 'Ada',
      orchestrator: it.orchestrator,
      model,
      tools: [look],
      budget: { tokens: 10 },
    })
    expect((await agent.send({ message: 'x' })).status).toBe('stopped')
  })

  test('compaction takes old results out of a long history', async () => {
    const rounds = [0, 1, 2].map((at) => calling(['look', { at }]))
    await using it = await runHost(byAgent({ Ada: [...rounds, saying('Done.')] }))
    const long: Tool = { name: 'look', execute: () => 'long '.repeat(200) }
    const agent = createAgent({
      name: 'Ada',
      orchestrator: it.orchestrator,
      model,
      tools: [long],
      compaction: { aboveTokens: 300, keepResults: 1 },
    })
    const reply = await agent.send({ message: 'x' })
    const last = JSON.stringify(it.bodies().at(-1))
    expect(last.match(/long long/g)?.length).toBeLessThan(200)
    expect(last.match(/was removed to save space/g)).toHaveLength(2)
    // The run itself keeps all.
    expect(reply.steps).toHaveLength(3)
    expect(JSON.stringify(reply.messages)).not.toContain('was removed')
  })
})

test('a handoff gives the conversation to another agent, which answers with its own tools', async () => {
  await using it = await runHost(
    byAgent({
      Desk: [calling(['transfer_to_billing', {}])],
      Billing: [saying('unused'), calling(['refund', {}]), saying('Refunded.')],
    }),
  )
  const refund: Tool = { name: 'refund', execute: () => 'ok' }
  const billing = createAgent({ name: 'Billing', purpose: 'Handles money.', tools: [refund] })
  const desk = createAgent({ name: 'Desk', orchestrator: it.orchestrator, model, handoffs: [billing] })
  const reply = await desk.send({ message: 'I want my money.' })
  expect(reply.text).toBe('Refunded.')
  expect(reply.steps.map(({ results }) => results[0]?.name)).toEqual(['transfer_to_billing', 'refund'])
})

test('an agent that takes over has at most its own permissions', async () => {
  await using it = await runHost(
    byAgent({ Desk: [calling(['transfer_to_billing', {}])], Billing: [saying('unused'), saying('Done.')] }),
  )
  const tools = [{ name: 'refund', permission: 'deploy', execute: () => 'ok' }, look]
  const billing = createAgent({ name: 'Billing', tools, permissions: ['read'] })
  const desk = createAgent({ name: 'Desk', orchestrator: it.orchestrator, model, handoffs: [billing] })
  await desk.send({ message: 'x', permissions: ['deploy', 'read'] })
  const body = JSON.stringify(it.bodies().at(-1))
  expect([body.includes('"look"'), body.includes('"refund"')]).toEqual([true, false])
})

test.each([
  ['name', { name: '' }],
  ['name', { name: '東京' }],
  ['subagents', { name: 'A', subagents: [createAgent({ name: 'b c' }), createAgent({ name: 'B_C' })] }],
  ['budget.tokens', { name: 'A', budget: { tokens: Number.NaN } }],
  ['instruction', { name: 'A', instruction: 'x' }],
])('a wrong %s is refused', async (path, options) => {
  const error = await failure(() => createAgent(options))
  expect([error.kind, error.issues?.[0]?.path]).toEqual(['misconfigured', path])
})

test('an agent without an orchestrator says so', async () => {
  const error = await failure(createAgent({ name: 'Ada' }).send({ message: 'x' }))
  expect([error.kind, error.message.includes('orchestrator')]).toEqual(['misconfigured', true])
})

test('a request adds tools, and one that is no request says so', async () => {
  const extra = defineTool({ name: 'extra', execute: () => 'more' })
  await using it = await runHost(byAgent({ Ada: [calling(['look', {}], ['extra', {}]), saying('Done.')] }))
  const { orchestrator } = it
  const agent = createAgent({ name: 'Ada', orchestrator, model, tools: [look] })
  const reply = await agent.send({ message: 'Hi', tools: [extra] })
  expect(reply.steps[0]?.results.map(({ success }) => success)).toEqual([true, true])
  const wrong = (request: unknown): Promise<unknown> => agent.send(request as never)
  for (const request of [
    'Hi',
    null,
    5,
    { message: 'Hi', tools: 5 },
    { message: 'Hi', tools: Promise.resolve([]) },
  ])
    expect((await failure(wrong(request))).kind).toMatch(/^(misconfigured|invalid-request)$/)
  const run = (tools: unknown): Promise<unknown> =>
    orchestrator.run({ model, messages: [{ role: 'user', content: 'Hi' }], tools: tools as never })
  for (const tools of [5, 'all', {}, Promise.resolve([]), () => [], [null], [5]])
    expect(await failure(run(tools))).toMatchObject({ kind: 'invalid-request' })
})
