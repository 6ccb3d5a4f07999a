import { defineTool, type JsonObject } from 'llm-switchyard'
import { createAgent } from 'llm-switchyard/agents'
import type { FakeScript } from 'llm-switchyard/testing'
import { createMemoryRunStore } from 'llm-switchyard/tools'
import { describe, expect, test } from 'vitest'
import { failure } from '../failure.ts'
import { asking, calling, eventsOf, runHost, saying, typesOf } from './run-host.ts'

const schema = {
  type: 'object',
  properties: { boats: { type: 'number' } },
  required: ['boats'],
  additionalProperties: false,
} as const
type Reply = Extract<FakeScript, string> | ReturnType<typeof saying>

/** One reply for each call, a text with a usage. */
function nextReplies(...replies: readonly Reply[]): FakeScript {
  return replies.map((reply) => (typeof reply === 'string' ? saying(reply) : reply)) as FakeScript
}

const responseFormat = { type: 'json', schema } as const

describe('an answer that does not fit its schema', () => {
  test.each([false, true])(
    'is given back once with what is wrong, and its usage counts: streamed %s',
    async (stream) => {
      await using it = await runHost(nextReplies('{"boats":"many"}', '{"boats":3}'))
      const request = { ...asking, responseFormat }
      const reply = stream
        ? await (
            await it.orchestrator.run({ ...request, stream: true })
          ).response
        : await it.orchestrator.run(request)
      expect(reply).toMatchObject({ object: { boats: 3 }, status: 'complete', usage: { inputTokens: 10 } })
      const second = it.bodies()[1] ?? {}
      expect((second['messages'] as readonly JsonObject[]).map(({ role }) => role)).toEqual([
        'user',
        'assistant',
        'user',
      ])
      expect(JSON.stringify(second)).toMatch(/was not accepted: .*boats/)
    },
  )

  test('twice is the end, with a warning', async () => {
    await using it = await runHost(nextReplies('none', 'none', '{"boats":3}'))
    const reply = await it.orchestrator.run({ ...asking, responseFormat })
    expect([reply.object, reply.status, it.bodies().length]).toEqual([undefined, 'complete', 2])
    expect(reply.warnings.some(({ setting }) => setting === 'responseFormat')).toBe(true)
  })

  test('maxRepairs says how often', async () => {
    await using it = await runHost(nextReplies('none', 'none', '{"boats":3}'))
    expect(await it.orchestrator.run({ ...asking, responseFormat, maxRepairs: 2 })).toMatchObject({
      object: { boats: 3 },
    })
    await using none = await runHost(nextReplies('none', '{"boats":3}'))
    expect((await none.orchestrator.run({ ...asking, responseFormat, maxRepairs: 0 })).object).toBeUndefined()
  })

  test('after tools; a stream has one start and one finish', async () => {
    const look = defineTool({ name: 'look', execute: () => 'three boats' })
    await using it = await runHost(nextReplies(calling(['look', {}]), 'three', '{"boats":3}'))
    const stream = await it.orchestrator.run({ ...asking, tools: [look], responseFormat, stream: true })
    const types = typesOf(await eventsOf(stream)).filter((type) => type !== 'warning')
    expect(types).toEqual(['start', 'tool-call', 'tool-result', 'step', 'step', 'finish'])
    const reply = await stream.response
    expect([reply.object, reply.steps.length]).toEqual([{ boats: 3 }, 2])
  })

  test('of an agent, too', async () => {
    await using it = await runHost(nextReplies('I think 3', '{"boats":3}'))
    const agent = createAgent({
      name: 'Counter',
      orchestrator: it.orchestrator,
      model: asking.model,
      output: schema,
    })
    expect((await agent.send({ message: 'How many?' })).object).toEqual({ boats: 3 })
  })

  test('a run that ends between the two goes on with the second', async () => {
    const runs = createMemoryRunStore()
    await using it = await runHost(nextReplies('none', { error: 'invalid-request' }, '{"boats":3}'))
    const request = { ...asking, responseFormat, runs, runId: 'run_1' }
    await failure(it.orchestrator.run(request))
    expect((await it.orchestrator.run(request)).object).toEqual({ boats: 3 })
    expect(it.bodies()).toHaveLength(3)
  })
})
