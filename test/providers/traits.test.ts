import { catalogue, createOrchestrator, defineProvider, type ChatRequest } from 'llm-switchyard'
import { createRegistry, openaiChat, type HttpRequest, type ModelCapabilities } from 'llm-switchyard/adapter'
import { describe, expect, test } from 'vitest'
import { adaptToModel } from '../../src/core/adapt-to-model.ts'
import { capabilityParams } from '../../src/core/capability-params.ts'
import { fitImages } from '../../src/core/fit/media.ts'
import { anyVariables, noting, sentBy } from './sent.ts'

const tools = [{ name: 'look', parameters: { type: 'object', properties: {} } }]
const schema = { type: 'object', properties: { a: { type: 'string' } } }
const image = { type: 'image' as const, data: 'AAAA', mediaType: 'image/png' }
const text = { type: 'text' as const, text: 'What is this?' }

/** A host with one provider whose model has these traits. */
function hostOf(traits: ModelCapabilities, requests: HttpRequest[]) {
  const provider = defineProvider({
    id: 'plain',
    name: 'Plain',
    dialect: openaiChat,
    baseUrl: 'http://localhost:1/v1',
    auth: { type: 'none' },
    models: { 'm*': traits },
  })
  return createOrchestrator({ providers: { plain: provider }, transport: noting(requests) })
}

async function sent(traits: ModelCapabilities, request: Partial<ChatRequest>) {
  const requests: HttpRequest[] = []
  const messages = [{ role: 'user' as const, content: 'Hi' }]
  const call = { provider: 'plain', model: 'm1', messages, ...request, stream: false as const }
  const reply = await hostOf(traits, requests).chatApiCall(call)
  const body = JSON.parse(requests[0]?.body ?? '') as Record<string, unknown>
  return { body, warnings: reply.warnings }
}

/** The call ends before anything is sent: gives the error. */
async function refused(traits: ModelCapabilities, request: Partial<ChatRequest>) {
  const requests: HttpRequest[] = []
  const messages = [{ role: 'user' as const, content: 'Hi' }]
  const call = { provider: 'plain', model: 'm1', messages, onUnsupported: 'error' as const, ...request }
  const error: unknown = await hostOf(traits, requests)
    .chatApiCall(call as ChatRequest)
    .catch((caught: unknown) => caught)
  expect(requests).toEqual([])
  return error
}

describe('what a model cannot do is asked of it by a warning, or refused', () => {
  test('images', async () => {
    const tool = { role: 'tool' as const, toolCallId: 'call_1', content: [text, image] }
    const called = {
      role: 'assistant' as const,
      content: [{ type: 'tool-call' as const, id: 'call_1', name: 'look', arguments: '{}' }],
    }
    const messages = [{ role: 'user' as const, content: [text, image] }, called, tool]
    const { body, warnings } = await sent({ images: false }, { messages })
    const said = JSON.stringify(body['messages'])
    expect(said).not.toContain('AAAA')
    expect(said.split('[image left out]')).toHaveLength(3)
    expect(warnings).toEqual([
      { type: 'compatibility', message: 'images were left out: the model accepts none' },
    ])
    expect(await refused({ images: false }, { messages })).toMatchObject({ kind: 'unsupported' })
    expect((await sent({}, { messages })).warnings).toEqual([])
    expect((await sent({ images: false }, {})).warnings).toEqual([])
  })

  test('tools', async () => {
    const { body, warnings } = await sent({ tools: false }, { tools, toolChoice: 'required' })
    expect(body).not.toHaveProperty('tools')
    expect(body).not.toHaveProperty('tool_choice')
    expect(warnings.map(({ setting }) => setting)).toEqual(['tools', 'toolChoice'])
    expect(await refused({ tools: false }, { tools })).toMatchObject({ kind: 'unsupported' })
    expect((await sent({ tools: true }, { tools })).body['tools']).toHaveLength(1)
  })

  test('a schema', async () => {
    const responseFormat = { type: 'json' as const, schema }
    const { body, warnings } = await sent({ jsonSchema: false }, { responseFormat })
    expect(body['response_format']).toEqual({ type: 'json_object' })
    const [first] = body['messages'] as { role: string; content: string }[]
    expect(first).toEqual({ role: 'system', content: expect.stringContaining(JSON.stringify(schema)) })
    expect(warnings).toContainEqual(expect.objectContaining({ type: 'changed', setting: 'responseFormat' }))
    const plain = await sent({ jsonSchema: false }, { responseFormat: 'json' })
    expect(plain.warnings).not.toContainEqual(expect.objectContaining({ type: 'changed' }))
    expect(await refused({ jsonSchema: false }, { responseFormat })).toMatchObject({ kind: 'unsupported' })
  })

  test('thoughts', async () => {
    const { body, warnings } = await sent({ reasoning: false }, { reasoning: 'high' })
    expect(body).not.toHaveProperty('reasoning_effort')
    expect(warnings).toHaveLength(1)
    expect((await sent({ reasoning: true }, { reasoning: 'high' })).body['reasoning_effort']).toBe('high')
  })

  test('an answer longer than its longest', async () => {
    const { body, warnings } = await sent({ maxOutput: 100 }, { maxTokens: 101 })
    expect(body['max_tokens']).toBe(100)
    expect(warnings).toEqual([expect.objectContaining({ type: 'changed', setting: 'maxTokens' })])
    expect((await sent({ maxOutput: 100 }, { maxTokens: 100 })).warnings).toEqual([])
    expect(await refused({ maxOutput: 100 }, { maxTokens: 101 })).toMatchObject({ kind: 'unsupported' })
  })

  test('nothing is said of a model that nobody knows', async () => {
    const messages = [{ role: 'user' as const, content: [text, image] }]
    const call = { model: 'x', messages, tools, reasoning: 'high' as const, maxTokens: 10 ** 6 }
    const { body, warnings } = await sent({ images: false, tools: false, maxOutput: 1 }, call)
    expect(warnings).toEqual([])
    expect(body).toMatchObject({ max_tokens: 10 ** 6, reasoning_effort: 'high' })
  })
})

describe('the pure parts', () => {
  test('nothing that needs no change is copied', () => {
    const messages = [{ role: 'user' as const, content: [text, image] }]
    const call = { messages, settings: {} }
    const fitted = adaptToModel(call, { capabilities: { tools: true }, params: {}, model: 'm' })
    expect(fitted.messages).toBe(messages)
    expect(fitted.settings).toBe(call.settings)
  })

  test('the caller’s messages stay as they were', () => {
    const messages = [{ role: 'user' as const, content: [text, image] }]
    const before = structuredClone(messages)
    fitImages(messages, 'none', () => undefined)
    expect(messages).toEqual(before)
  })

  test('the narrower of two limits holds', () => {
    const below = { maxTokens: { clamp: [16, 50] as const } }
    expect(capabilityParams({ maxOutput: 100 }, below).maxTokens).toEqual({ clamp: [16, 50] })
    expect(capabilityParams({ maxOutput: 40 }, below).maxTokens).toEqual({ clamp: [16, 40] })
  })
})

describe('asked before the call', () => {
  const registry = createRegistry(catalogue)
  const traits = (provider: string, model: string): ModelCapabilities =>
    registry.resolve({ provider, model }).capabilities

  test('what is known is told, what is not is left out', () => {
    expect(traits('openai', 'gpt-4o-mini')).toMatchObject({
      contextWindow: 128_000,
      maxOutput: 16_384,
      images: true,
      tools: true,
      jsonSchema: true,
    })
    expect(traits('groq', 'llama-3.1-8b-instant')).toMatchObject({ images: false, jsonSchema: false })
    expect(traits('deepseek', 'deepseek-v4-pro')).toMatchObject({ reasoning: true, images: false })
    expect(traits('vllm', 'anything').images).toBeUndefined()
  })

  test('the longest pattern that fits wins, laid over shorter ones', () => {
    const definition = defineProvider({
      id: 'plain',
      name: 'Plain',
      dialect: openaiChat,
      auth: { type: 'none' },
      models: {
        '*-vision': { images: true },
        'a-*': { images: false, tools: true },
        '*': { contextWindow: 9, images: false },
        'a-*-large': { tools: false },
      },
    })
    const own = createRegistry([definition])
    const of = (model: string): ModelCapabilities => own.resolve({ provider: 'plain', model }).capabilities
    expect(of('a-b-vision')).toMatchObject({ contextWindow: 9, images: true, tools: true })
    expect(of('a-b-large')).toMatchObject({ images: false, tools: false })
    expect(of('a-large')).toMatchObject({ tools: true })
    expect(of('b')).toMatchObject({ images: false })
    expect(of('b').tools).toBeUndefined()
  })

  // What `explain` says is tested against the wire for every provider; here: that it knows the traits.
  test('and explain says the same', () => {
    const said = (provider: string, model: string, setting: string) =>
      registry.explain(provider, model).find((entry) => entry.setting === setting)
    expect(said('groq', 'groq/compound', 'tools')).toMatchObject({ action: 'dropped' })
    expect(said('groq', 'openai/gpt-oss-20b', 'tools')?.action).not.toBe('dropped')
    expect(said('openai', 'gpt-4.1-mini', 'reasoning')).toMatchObject({ action: 'dropped' })
  })
})

test('every model that is known to take no tools gets none', async () => {
  let count = 0
  for (const { id, models = {}, dialect } of catalogue) {
    for (const [pattern, known] of Object.entries(models)) {
      if (known.tools !== false || dialect.id !== 'openai-chat') continue
      const model = pattern.replaceAll('*', '-x-')
      const { body, warnings } = await sentBy({ provider: id, model, tools, variables: anyVariables })
      expect({ id, pattern, tools: body['tools'] }).toEqual({ id, pattern, tools: undefined })
      expect(warnings.length).toBeGreaterThan(0)
      count++
    }
  }
  expect(count).toBeGreaterThan(3)
})
