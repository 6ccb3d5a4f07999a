import {
  catalogue,
  chatApiCall,
  createOrchestrator,
  defineTool,
  type ChatRequest,
  type ChatResponse,
  type StreamEvent,
} from 'llm-switchyard'
import { createRegistry } from 'llm-switchyard/adapter'
import { fakeFetch, type FakeScript } from 'llm-switchyard/testing'
import { arrayElements, extract, partialObjects } from 'llm-switchyard/tools'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { failure } from '../failure.ts'
import { targets } from '../testing/carriers.ts'

const schema = z.object({
  title: z.string(),
  note: z.string().optional(),
  steps: z.array(z.object({ text: z.string() })),
})
const soup = { title: 'Soup', steps: [{ text: 'Boil' }, { text: 'Eat' }] }
const look = { name: 'look', description: 'Looks', parameters: { type: 'object', properties: {} } } as const
const messages = [{ role: 'user' as const, content: 'A recipe, as JSON' }]
const withTools = Object.entries(targets).filter(([dialect]) => dialect !== 'kobold')

async function readAll(stream: AsyncIterable<StreamEvent>): Promise<StreamEvent[]> {
  const events: StreamEvent[] = []
  for await (const event of stream) events.push(event)
  return events
}

function ask(dialect: string, script: FakeScript) {
  const fetch = fakeFetch(script)
  const access = dialect.startsWith('bedrock') ? { variables: { region: 'us-east-1' } } : {}
  return { fetch, request: { ...targets[dialect], apiKey: 'k', messages, fetch, ...access } }
}

describe.each(withTools)('%s: an answer as the call of a tool', (dialect) => {
  const format = { type: 'json', schema, strategy: 'tool' } as const

  test.each([false, true])('reads as text, with stream: %s', async (stream) => {
    const { fetch, request } = ask(dialect, { toolCalls: [{ name: 'answer', arguments: soup }] })
    const reply = stream
      ? await (
          await chatApiCall({ ...request, responseFormat: format, stream: true })
        ).response
      : await chatApiCall({ ...request, responseFormat: format, stream: false })
    expect(reply.object).toEqual(soup)
    expect(JSON.parse(reply.text)).toEqual(soup)
    expect([reply.toolCalls, reply.finishReason]).toEqual([[], 'stop'])
    expect(JSON.stringify(reply.message.content)).toContain('Boil')
    expect(JSON.stringify(reply.message.content)).not.toContain('tool-call')
    expect(reply.warnings.filter(({ setting }) => setting === 'responseFormat')).toEqual([])
    const [sent] = fetch.log
    expect(sent?.request?.tools.map(({ name }) => name)).toEqual(['answer'])
    expect(sent?.request?.settings.responseFormat).toBeUndefined()
  })

  test('is in the events as text alone, and there while it grows', async () => {
    const { request } = ask(dialect, { toolCalls: [{ name: 'answer', arguments: soup }], chunks: 3 })
    const events = await readAll(await chatApiCall({ ...request, responseFormat: format, stream: true }))
    expect(events.filter(({ type }) => type.startsWith('tool'))).toEqual([])
    const stream = await chatApiCall({ ...request, responseFormat: format, stream: true })
    const steps: unknown[] = []
    for await (const step of arrayElements(stream, 'steps')) steps.push(step)
    expect(steps).toEqual(soup.steps)
  })

  test('a list, a text and a number, which tools take inside of an object', async () => {
    for (const [one, value] of [
      [z.array(z.string()), ['a', 'b']],
      [z.string(), 'a'],
      [z.number(), 1.5],
    ] as const) {
      const { request } = ask(dialect, { toolCalls: [{ name: 'answer', arguments: { value } }] })
      const responseFormat = { type: 'json', schema: one, strategy: 'tool' } as const
      const stream = await chatApiCall({ ...request, responseFormat, stream: true })
      let last: unknown
      for await (const partial of partialObjects(stream)) last = partial
      expect(last).toEqual(value)
      expect((await stream.response).object).toEqual(value)
    }
  })

  test('beside the tools of the request: either is called', async () => {
    const own = ask(dialect, { toolCalls: [{ name: 'look', arguments: {} }] })
    const called = await chatApiCall({ ...own.request, tools: [look], responseFormat: format })
    expect(called.toolCalls.map(({ name }) => name)).toEqual(['look'])
    expect([called.finishReason, called.text, called.object]).toEqual(['tool-calls', '', undefined])
    expect(own.fetch.log[0]?.request?.tools.map(({ name }) => name)).toEqual(['look', 'answer'])
    const tool = defineTool({ ...look, parameters: z.object({}), execute: () => 'seen' })
    const { fetch, request } = ask(dialect, ({ call }) =>
      call === 0
        ? { toolCalls: [{ name: 'look', arguments: {} }] }
        : { toolCalls: [{ name: 'answer', arguments: soup }] },
    )
    const { run } = createOrchestrator()
    const result = await run({ ...request, tools: [tool], responseFormat: format, stream: false })
    expect([result.object, result.status, result.steps.length]).toEqual([soup, 'complete', 1])
    expect(fetch.log).toHaveLength(2)
  })

  test('words before it and a name that is taken', async () => {
    const { fetch, request } = ask(dialect, {
      text: 'Here it is [as asked]:',
      toolCalls: [{ name: 'final_recipe', arguments: soup }],
    })
    const responseFormat = { ...format, name: 'recipe', description: 'The recipe' }
    const reply = await chatApiCall({ ...request, tools: [{ ...look, name: 'recipe' }], responseFormat })
    expect(reply.object).toEqual(soup)
    expect(fetch.log[0]?.request?.tools.at(-1)).toMatchObject({ name: 'final_recipe' })
  })

  test('an answer as text in spite of it', async () => {
    const { request } = ask(dialect, JSON.stringify(soup))
    expect((await chatApiCall({ ...request, responseFormat: format })).object).toEqual(soup)
  })

  test('usage that the provider does not report is estimated once', async () => {
    const script = { toolCalls: [{ name: 'answer', arguments: soup }], usage: false } as const
    const tool = await chatApiCall({ ...ask(dialect, script).request, responseFormat: format })
    const text = await chatApiCall(ask(dialect, { text: JSON.stringify(soup), usage: false }).request)
    expect(tool.usage.outputTokens).toBe(text.usage.outputTokens)
  })
})

describe.each(Object.entries(targets))('%s: an answer as the prompt asks for it', (dialect) => {
  test('the schema is an instruction, and no parameter', async () => {
    const { fetch, request } = ask(dialect, `Sure: ${JSON.stringify(soup)}`)
    const responseFormat = { type: 'json', schema, strategy: 'prompt' } as const
    const reply = await chatApiCall({ ...request, responseFormat })
    expect(reply.object).toEqual(soup)
    const [sent] = fetch.log
    expect(sent?.request?.settings.responseFormat).toBeUndefined()
    expect(JSON.stringify(sent?.request?.body)).toContain('JSON Schema')
    expect(reply.warnings.filter(({ type }) => type !== 'other')).toEqual([])
  })

  test('without a choice of the caller, it is asked for in the best way that the target has', async () => {
    const script: FakeScript = ({ tools }) =>
      tools.some(({ name }) => name === 'answer')
        ? { toolCalls: [{ name: 'answer', arguments: soup }] }
        : JSON.stringify(soup)
    for (const tools of [undefined, [look]] as const) {
      if (dialect === 'kobold' && tools !== undefined) continue
      const { request } = ask(dialect, script)
      const reply = await chatApiCall({ ...request, tools, responseFormat: { type: 'json', schema } })
      expect(reply.object).toEqual(soup)
    }
  })
})

describe('which way is chosen', () => {
  const answer = (model: string, more: Partial<ChatRequest> = {}): Promise<ChatResponse> =>
    chatApiCall({
      model,
      apiKey: 'k',
      messages,
      responseFormat: { type: 'json', schema },
      fetch: fakeFetch(({ tools }) =>
        tools.some(({ name }) => name === 'answer')
          ? { toolCalls: [{ name: 'answer', arguments: soup }] }
          : JSON.stringify(soup),
      ),
      ...more,
      stream: false,
    })

  test.each([
    ['openai/gpt-4.1-mini', undefined],
    ['anthropic/claude-haiku-4-5', undefined],
    ['anthropic/claude-3-7-sonnet-20250219', 'as a tool, because it takes none as a parameter'],
    ['deepseek/deepseek-chat', 'as an instruction, because it takes none as a parameter'],
    ['cohere/command-a-03-2025', undefined],
  ])('%s', async (model, why) => {
    const { warnings, object } = await answer(model)
    const said = warnings.filter(({ type }) => type === 'changed').map(({ message }) => message)
    expect(said).toEqual(why === undefined ? [] : [expect.stringContaining(why)])
    expect(object).toEqual(soup)
  })

  test('together with tools, where the format takes no schema then', async () => {
    const { warnings, object } = await answer('cohere/command-a-03-2025', { tools: [look] })
    expect(warnings.map(({ message }) => message).join()).toContain('together with tools')
    expect(object).toEqual(soup)
  })

  test('a model that cannot be forced is told to call the tool', async () => {
    const fetch = fakeFetch({ toolCalls: [{ name: 'answer', arguments: soup }] })
    const { object } = await answer('anthropic/claude-3-7-sonnet-20250219', { fetch })
    expect(object).toEqual(soup)
    expect(fetch.log[0]?.request?.settings.toolChoice).toEqual({ name: 'answer' })
    const thinking = fakeFetch({ toolCalls: [{ name: 'answer', arguments: soup }] })
    const responseFormat = { type: 'json', schema, strategy: 'tool' } as const
    await answer('moonshot/kimi-k3', { fetch: thinking, reasoning: 'high', responseFormat })
    expect(thinking.log[0]?.request?.system).toContain('calling the tool "answer"')
  })

  test('no tools of a model that has none, no such strategy', async () => {
    const responseFormat = { type: 'json', schema, strategy: 'tool' } as const
    const { warnings } = await answer('google/gemma-3-27b-it', { responseFormat })
    expect(warnings.map(({ message }) => message).join()).toContain('because it calls no tools')
    const wrong = { type: 'json', schema, strategy: 'magic' } as never
    const error = await failure(answer('openai/gpt-4.1-mini', { responseFormat: wrong }))
    expect([error.kind, error.message]).toEqual(['invalid-request', expect.stringContaining('strategy')])
  })

  test('can be read before the call', async () => {
    const { explain } = createOrchestrator()
    const strategyOf = async (model: string) => (await explain(model)).structuredOutput
    expect(await strategyOf('openai/gpt-4.1-mini')).toBe('native')
    expect(await strategyOf('anthropic/claude-3-7-sonnet-20250219')).toBe('tool')
    expect(await strategyOf('deepseek/deepseek-chat')).toBe('prompt')
    const explained = createRegistry(catalogue).explain('anthropic', 'claude-3-7-sonnet-20250219')
    expect(explained.find(({ setting }) => setting === 'responseFormat')).toMatchObject({
      action: 'converted',
    })
  })

  test('extract takes it too', async () => {
    const fetch = fakeFetch({ toolCalls: [{ name: 'answer', arguments: soup }] })
    const { object } = await extract(createOrchestrator({ fetch }).chatApiCall, {
      model: 'openai/gpt-4.1-mini',
      apiKey: 'k',
      messages,
      schema,
      strategy: 'tool',
    })
    expect(object).toEqual(soup)
  })
})
