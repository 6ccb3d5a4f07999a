import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createOrchestrator, type ChatRequest } from 'llm-switchyard'
import { parseRequest } from '../../src/core/parse-request.ts'
import { answered, bodyOf, replies } from './body-of.ts'

const openai = { provider: 'openai', model: 'gpt-4.1' }

// A request that has every object in which a foreign field may be.
function everything(): Record<string, unknown> {
  return {
    messages: [
      { role: 'system', content: [{ type: 'text', text: 's' }] },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'x' },
          { type: 'image_url', image_url: { url: 'https://x.test/a.png' } },
          { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
          { type: 'file', file: { file_id: 'f' } },
          { type: 'image', url: 'https://x.test/a.png' },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'y' },
          { type: 'reasoning', text: 'r' },
        ],
        toolCalls: [{ id: 'a', name: 't', arguments: {} }],
        tool_calls: [{ id: 'b', type: 'function', function: { name: 't', arguments: '{}' } }],
      },
      { role: 'tool', toolCallId: 'a', content: [{ type: 'text', text: 'z' }] },
      { role: 'tool', toolCallId: 'b', content: 'z' },
    ],
    tools: [{ name: 't' }, { type: 'function', function: { name: 'u' } }],
    toolChoice: { type: 'function', function: { name: 't' } },
    reasoning: { effort: 'low' },
    responseFormat: { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' } } },
  }
}

type Place = readonly [path: string, object: Record<string, unknown>]

// Arguments, schemas and the like hold anything.
const FREE = /\.(arguments|schema|parameters)$/

function placesOf(value: unknown, path = ''): Place[] {
  if (FREE.test(path) || typeof value !== 'object' || value === null) return []
  const inner = Object.entries(value).flatMap(([key, item]) =>
    placesOf(item, path === '' ? key : `${path}.${key}`),
  )
  return Array.isArray(value) || path === '' ? inner : [[path, value as Record<string, unknown>], ...inner]
}

describe('unknown fields inside of a request', () => {
  const count = placesOf(everything()).length

  test('every object is a place of its own', () => {
    expect(count).toBeGreaterThan(20)
    expect(parseRequest(everything()).warnings).toBeUndefined()
  })

  test('each gives a warning with its path and its name', () => {
    const name = fc.stringMatching(/^[a-z]{1,8}_[a-z0-9]{1,8}$/)
    fc.assert(
      fc.property(
        fc.nat(count - 1),
        name,
        fc.constantFrom(1, 'a', true, { b: 1 }, [0]),
        (at, field, value) => {
          const request = everything()
          const [path, object] = placesOf(request)[at] as Place
          if (Object.hasOwn(object, field) || KNOWN.has(field)) return
          object[field] = value
          const { warnings = [] } = parseRequest(request)
          expect(warnings.map((warning) => [warning.type, warning.path])).toEqual([
            ['unsupported', `${path}.${field}`],
          ])
        },
      ),
      { numRuns: 2_000 },
    )
  })

  const KNOWN: ReadonlySet<string> = new Set([
    'tool_calls',
    'tool_call_id',
    'reasoning_content',
    'input_schema',
  ])

  test.each([null, undefined, [], {}])('the blank value %o is no loss', (value) => {
    for (let at = 0; at < count; at++) {
      const request = everything()
      const [, object] = placesOf(request)[at] as Place
      object['own_field'] = value
      expect(parseRequest(request).warnings).toBeUndefined()
    }
  })

  test('are refused under "error", and told once for each kind', async () => {
    const messages = [1, 2, 3].map((id) => ({ role: 'user' as const, content: 'x', id }))
    const { error } = await bodyOf({ ...openai, messages, onUnsupported: 'error' })
    expect(error).toMatchObject({ kind: 'unsupported', issues: [{ path: 'messages.0.id' }] })
    const { reply } = await answered({ ...openai, messages }, replies['chat'] ?? {})
    expect(reply.warnings).toHaveLength(1)
    expect(reply.warnings[0]?.message).toContain('messages.0.id (and 2 more) was not sent')
  })

  test("OpenAI's nulls are absent fields", async () => {
    const request = {
      ...openai,
      tools: [
        {
          type: 'function',
          function: { name: 't', description: null, strict: null, parameters: { type: 'object' } },
        },
      ],
      messages: [
        {
          role: 'user',
          content: [{ type: 'image_url', image_url: { url: 'https://x.test/a', detail: null } }],
          name: null,
        },
        {
          role: 'assistant',
          content: 'a',
          tool_calls: null,
          refusal: null,
          audio: null,
          function_call: null,
          annotations: [],
        },
        { role: 'user', content: 'b' },
      ],
      onUnsupported: 'error',
    } as unknown as Partial<ChatRequest>
    const { body, error } = await bodyOf(request)
    expect(error).toBeUndefined()
    expect(body['tools']).toEqual([
      { type: 'function', function: { name: 't', parameters: { type: 'object', properties: {} } } },
    ])
  })

  test("a refusal in OpenAI's field is the text of the message", async () => {
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: null, refusal: 'No.' },
      { role: 'user', content: 'b' },
    ] as const
    const { body } = await bodyOf({ ...openai, messages })
    expect(body['messages']).toMatchObject([{}, { role: 'assistant', content: 'No.' }, {}])
  })

  const tools: Partial<ChatRequest> = {
    tools: [{ name: 't', input_schema: { type: 'object', properties: { a: {} } } } as never],
  }
  test("a tool of Anthropic's form has its schema", async () => {
    const { body } = await bodyOf({ ...openai, ...tools })
    expect(JSON.stringify(body['tools'])).toContain('"properties":{"a":{}}')
  })
})

describe('values that are the default of every provider', () => {
  const defaults: Partial<ChatRequest> = {
    n: 1,
    logprobs: false,
    frequencyPenalty: 0,
    presencePenalty: 0,
    repetitionPenalty: 1,
    minP: 0,
    logitBias: {},
    metadata: {},
    parallelToolCalls: true,
    tools: [{ name: 't' }],
  }
  const targets = [
    ['anthropic', 'claude-sonnet-4-5'],
    ['openrouter', 'x-ai/grok-4.3'],
    ['google', 'gemini-3-flash'],
    ['cohere', 'command-a-03-2025'],
    ['ollama', 'qwen3'],
    ['bedrock', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'],
    ['openai', 'gpt-4.1'],
  ] as const
  test.each(targets)('%s %s takes them all', async (provider, model) => {
    const { error } = await bodyOf({ provider, model, ...defaults, onUnsupported: 'error' })
    expect(error).toBeUndefined()
  })
})

describe('extraBody', () => {
  test('joins tools: of one name the later stays', async () => {
    const { body } = await bodyOf({
      provider: 'anthropic',
      model: 'claude-sonnet-4-5',
      tools: [{ name: 't' }, { name: 'u' }],
      extraBody: {
        tools: [
          { type: 'web_search_20250305', name: 'web_search' },
          { name: 'u', mine: true },
        ],
      },
    })
    const sent = body['tools'] as { name: string }[]
    expect(sent.map(({ name }) => name)).toEqual(['t', 'u', 'web_search'])
    expect(sent[1]).toEqual({ name: 'u', mine: true })
  })

  test('joins include, replaces other lists, and changes no object of the caller', async () => {
    const metadata = { a: 'b' }
    const { body } = await bodyOf({
      provider: 'openai',
      model: 'gpt-5',
      api: 'responses',
      reasoning: 'low',
      metadata,
      extraBody: { include: ['file_search_call.results'], metadata: { c: 'd' }, input: [] },
    })
    expect(body['include']).toEqual(['reasoning.encrypted_content', 'file_search_call.results'])
    expect(body['input']).toEqual([])
    expect(metadata).toEqual({ a: 'b' })
  })
})

describe('onUnsupported', () => {
  const request = { messages: [{ role: 'user' as const, content: 'x' }], seed: 1 }
  const reply = async (): Promise<Response> => Response.json(replies['anthropic'])

  test('of a provider comes between that of the call and that of the orchestrator', async () => {
    const orchestrator = createOrchestrator({
      providers: { anthropic: { apiKey: 'k', fetch: reply, onUnsupported: 'error' } },
    })
    const model = 'anthropic/claude-sonnet-4-5'
    await expect(orchestrator.chatApiCall({ ...request, model })).rejects.toMatchObject({
      kind: 'unsupported',
    })
    const told = await orchestrator.chatApiCall({ ...request, model, onUnsupported: 'warn' })
    expect(told.warnings).toHaveLength(1)
    await orchestrator.close()
  })

  test('"drop" lists the losses in the response, and gives no event', async () => {
    const orchestrator = createOrchestrator({ providers: { anthropic: { apiKey: 'k', fetch: reply } } })
    const call = { ...request, model: 'anthropic/claude-sonnet-4-5', onUnsupported: 'drop' } as const
    const whole = await orchestrator.chatApiCall(call)
    expect(whole.warnings).toMatchObject([{ type: 'unsupported', setting: 'seed' }])
    const stream = await orchestrator.chatApiCall({ ...call, stream: true })
    const types: string[] = []
    for await (const { type } of stream) types.push(type)
    expect(types).not.toContain('warning')
    expect((await stream.response).warnings).toEqual(whole.warnings)
    await orchestrator.close()
  })
})

describe("include: ['raw']", () => {
  test('gives bodies and headers without secrets', async () => {
    const { reply } = await answered(
      {
        ...openai,
        apiKey: 'sk-secret-0123456789abcdef',
        include: ['raw'],
        serverTools: [{ raw: { type: 'mcp', authorization: 'token-of-mine' } }],
      },
      { ...replies['chat'], echo: 'sk-secret-0123456789abcdef' },
    )
    const { raw } = reply
    expect(raw?.request.body).toMatchObject({ model: 'gpt-4.1', tools: [{ authorization: '***' }] })
    expect(raw?.response).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } })
    expect(raw?.response.body).toContain('"choices"')
    expect(JSON.stringify(raw)).not.toMatch(/sk-secret-0123456789abcdef|token-of-mine/)
  })

  test('is absent otherwise', async () => {
    const { reply } = await answered(openai, replies['chat'] ?? {})
    expect(reply.raw).toBeUndefined()
  })
})
