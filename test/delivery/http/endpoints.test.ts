import { defineProvider } from 'llm-switchyard'
import { openaiChat } from 'llm-switchyard/adapter'
import { describe, expect, test } from 'vitest'
import { dataOf, gateway, until } from './gateway.ts'

const chat = { model: 'openai/m', messages: [{ role: 'user', content: 'Hi' }] }
const path = '/v1/chat/completions'

/** What is wrong with a body, by the answer to it. */
async function refusal(place: string, body: object): Promise<{ message: string; param?: string }> {
  await using here = await gateway()
  const reply = await here.post(place, body)
  expect(reply.status).toBe(400)
  expect(here.fake.log).toHaveLength(0)
  const { error } = (await reply.json()) as { error: { message: string; param?: string } }
  return error
}

describe('bodies are read loosely, and refused with their own paths', () => {
  test.each([
    [path, {}, 'model'],
    [path, { model: 'openai/m' }, 'messages'],
    [path, { ...chat, messages: [] }, 'messages'],
    [path, { ...chat, messages: ['Hi'] }, 'messages.0'],
    [path, { ...chat, messages: [{ role: 'robot', content: 'Hi' }] }, 'messages.0.role'],
    [path, { ...chat, messages: [{ role: 'user' }] }, 'messages.0.content'],
    [path, { ...chat, messages: [{ role: 'tool', content: 'x' }] }, 'messages.0.tool_call_id'],
    [
      path,
      { ...chat, messages: [{ role: 'user', content: [{ type: 'video' }] }] },
      'messages.0.content.0.type',
    ],
    [
      path,
      {
        ...chat,
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: 'file:///etc/passwd' } }] },
        ],
      },
      'messages.0.content.0.image_url.url',
    ],
    [path, { ...chat, temperature: 3 }, 'temperature'],
    [path, { ...chat, max_tokens: '5' }, 'max_tokens'],
    [path, { ...chat, n: 0 }, 'n'],
    [path, { ...chat, top_logprobs: 21 }, 'top_logprobs'],
    [path, { ...chat, logit_bias: { 1: 200 } }, 'logit_bias.1'],
    [path, { ...chat, response_format: { type: 'xml' } }, 'response_format.type'],
    [path, { ...chat, reasoning_effort: 'heroic' }, 'reasoning_effort'],
    [path, { ...chat, tools: [{ type: 'web_search' }] }, 'tools.0.type'],
    [path, { ...chat, tools: [{ type: 'function', function: { name: 'a b' } }] }, 'tools.0.function.name'],
    [path, { ...chat, functions: [] }, 'functions'],
    [path, { ...chat, stream: 'yes' }, 'stream'],
    ['/v1/responses', { model: 'openai/m' }, 'input'],
    ['/v1/responses', { model: 'openai/m', input: [{ type: 'item_reference', id: 'x' }] }, 'input.0'],
    ['/v1/responses', { model: 'openai/m', input: 'Hi', background: true }, 'background'],
    ['/v1/responses', { model: 'openai/m', input: 'Hi', tools: [{ type: 'file_search' }] }, 'tools.0.type'],
    ['/v1/embeddings', { model: 'openai/m' }, 'input'],
    ['/v1/embeddings', { model: 'openai/m', input: [] }, 'input'],
    ['/v1/embeddings', { model: 'openai/m', input: [1, 2] }, 'input'],
    ['/v1/embeddings', { model: 'openai/m', input: 'x', encoding_format: 'hex' }, 'encoding_format'],
  ])('%s %j: %s', async (place, body, param) => {
    expect((await refusal(place, body)).param).toBe(param)
  })

  test('several problems come at once', async () => {
    const { message } = await refusal(path, { temperature: 'hot', top_p: 2 })
    for (const name of ['model', 'messages', 'temperature', 'top_p']) expect(message).toContain(`${name}:`)
  })

  test("Anthropic's bodies too", async () => {
    const blocks = [{ type: 'tool_result' }, { type: 'image', source: { type: 'disk' } }]
    const { message } = await refusal('/v1/messages', {
      model: 'openai/m',
      messages: [{ role: 'user', content: blocks }],
    })
    expect(message).toContain('messages.0.content.0.tool_use_id')
    expect(message).toContain('messages.0.content.1.source.type')
  })

  test('null is the same as nothing; the rest of the world is left out', async () => {
    await using here = await gateway()
    const body = {
      ...chat,
      temperature: null,
      tools: null,
      stop: null,
      stream: null,
      response_format: null,
      store: true,
      service_tier: 'flex',
      my_field: 1,
      baseUrl: 'http://169.254.169.254',
      api_key: 'stolen',
    }
    expect((await here.post(path, body)).status).toBe(200)
    expect(Object.keys(here.sent()).toSorted()).toEqual(['messages', 'model'])
    expect(here.fake.log[0]?.headers['authorization']).toBe('Bearer upstream-key')
  })

  test('or laid over the body of the provider, where the host says so', async () => {
    await using here = await gateway({ unknownFields: 'pass' })
    await here.post(path, {
      ...chat,
      service_tier: 'flex',
      conversation_id: 'c1',
      stream_options: { include_usage: true },
    })
    expect(here.sent()).toEqual({ model: 'm', messages: chat.messages, service_tier: 'flex' })
  })

  test('what bounds a request never passes unread', async () => {
    await using here = await gateway({
      unknownFields: 'pass',
      authorize: () => ({ limits: { maxTokens: 10, maxChoices: 1 } }),
    })
    await here.post('/v1/messages', { ...chat, max_completion_tokens: 9_999, n: 5 })
    expect(here.fake.log[0]?.request?.settings).toMatchObject({ maxTokens: 10 })
    expect(here.sent()).not.toHaveProperty('n')
  })

  test.each([
    ['/v1/chat/completions', { messages: chat.messages }],
    ['/v1/messages', { messages: chat.messages, max_tokens: 5 }],
    ['/v1/responses', { input: 'Hi' }],
  ])('%s passes no field with content, tools or a bound', async (door, body) => {
    await using here = await gateway({ unknownFields: 'pass' })
    const foreign = {
      contents: [{ parts: [{ text: 'EVIL' }] }],
      system_instruction: 'EVIL',
      generationConfig: { maxOutputTokens: 9_999, note: 'EVIL' },
      options: { num_predict: 9_999, note: 'EVIL' },
      inferenceConfig: { maxTokens: 9_999, note: 'EVIL' },
      max_new_tokens: 9_999,
      prompt: 'EVIL',
      models: ['EVIL'],
      plugins: [{ id: 'EVIL' }],
      toolConfig: { note: 'EVIL' },
      web_search_options: { note: 'EVIL' },
      prediction: { content: 'EVIL' },
      anything: 'EVIL',
    }
    // A prompt is a field of the Responses format, which is refused there.
    const { prompt: _prompt, ...rest } = foreign
    const extra = door === '/v1/responses' ? rest : foreign
    await here.post(door, { model: chat.model, ...body, ...extra, guided_json: { type: 'object' } })
    expect(here.sent()).toMatchObject({ guided_json: { type: 'object' } })
    expect(JSON.stringify(here.sent())).not.toMatch(/EVIL|9999/)
  })

  test('thoughts and marks go back to where they came from', async () => {
    await using here = await gateway()
    const calls = [
      {
        id: 'c1',
        type: 'function',
        function: { name: 'a', arguments: '{}' },
        extra_content: { google: { thought_signature: 'mark' } },
      },
    ]
    const messages = [
      ...chat.messages,
      { role: 'assistant', content: 'Yes.', reasoning_content: 'Hm.', tool_calls: calls },
      { role: 'tool', tool_call_id: 'c1', content: 'done' },
    ]
    expect((await here.post(path, { ...chat, messages })).status).toBe(200)
    expect(JSON.stringify(here.sent()['messages'])).toContain('Yes.')
    const anthropic = { ...chat, model: 'anthropic/claude-haiku-4-5', messages }
    expect((await here.post(path, anthropic)).status).toBe(200)
    expect(here.fake.log.at(-1)?.request?.turns[1]).toMatchObject({
      text: 'Yes.',
      toolCalls: [{ name: 'a' }],
    })
  })

  test('arguments that are no JSON go back as they came; allowed_tools leaves tools out', async () => {
    await using here = await gateway()
    const tools = ['a', 'b'].map((name) => ({ type: 'function', function: { name } }))
    const calls = [{ id: 'c1', type: 'function', function: { name: 'a', arguments: '{"half' } }]
    const messages = [
      ...chat.messages,
      { role: 'assistant', content: null, tool_calls: calls },
      { role: 'tool', tool_call_id: 'c1', content: 'failed' },
    ]
    const allowed = { mode: 'required', tools: [{ type: 'function', function: { name: 'b' } }] }
    const tool_choice = { type: 'allowed_tools', allowed_tools: allowed }
    expect((await here.post(path, { ...chat, messages, tools, tool_choice })).status).toBe(200)
    expect(here.sent()).toMatchObject({ tool_choice: 'required', messages: [{}, { tool_calls: calls }, {}] })
    expect(here.fake.log[0]?.request?.tools.map(({ name }) => name)).toEqual(['b'])
  })
})

describe('models', () => {
  test('names of the host, closed unless it says otherwise', async () => {
    const models = { fast: 'openai/m', wise: { provider: 'anthropic', model: 'claude-haiku-4-5' } }
    await using here = await gateway({ models })
    const reply = (await (await here.post(path, { ...chat, model: 'fast' })).json()) as { model: string }
    expect(reply.model).toBe('fast')
    expect(here.sent()['model']).toBe('m')
    expect((await here.post(path, { ...chat, model: 'wise' })).status).toBe(200)
    expect(here.fake.log.at(-1)?.request?.dialect).toBe('anthropic-messages')
    const closed = await here.post(path, chat)
    expect([closed.status, await closed.json()]).toMatchObject([
      404,
      { error: { code: 'model_not_found', param: 'model' } },
    ])
    const listed = (await (await fetch(`${here.url}/v1/models`)).json()) as { data: { id: string }[] }
    expect(listed.data.map(({ id }) => id)).toEqual(['fast', 'wise'])
    await using open = await gateway({ models, anyModel: true })
    expect((await open.post(path, chat)).status).toBe(200)
  })

  test('without names of its own, every provider/model, and what the catalogue knows by its full id', async () => {
    const mine = defineProvider({
      id: 'mine',
      name: 'Mine',
      baseUrl: 'http://127.0.0.1:1/v1',
      auth: { type: 'none' },
      dialect: openaiChat,
      models: { 'mine-1': { contextWindow: 1_000, maxOutput: 100 }, 'mine-2*': {} },
    } as never)
    await using here = await gateway({ orchestrator: { providers: { mine } } })
    const { data } = (await (await fetch(`${here.url}/v1/models`)).json()) as { data: { id: string }[] }
    expect(data.filter(({ id }) => id.startsWith('mine/'))).toMatchObject([
      { id: 'mine/mine-1', object: 'model', owned_by: 'mine', context_window: 1_000 },
    ])
    for (const model of ['nowhere/x', 'just-a-name', 'x'.repeat(5_000)]) {
      const reply = await here.post(path, { ...chat, model })
      expect(reply.status).toBe(404)
      expect((await reply.text()).length).toBeLessThan(500)
    }
  })
})

describe('streams', () => {
  test('heartbeats reach an idle client, also before the first content', async () => {
    await using here = await gateway({
      script: { text: ['one', ' two'], pacing: { firstMs: 400, betweenMs: 400 } },
      heartbeatMs: 50,
      startAfterMs: 20,
    })
    const reply = await here.post(path, { ...chat, stream: true })
    const words = await reply.text()
    const [before = '', between = ''] = words.split('"one"')
    expect(before.match(/^: ping$/gm)?.length).toBeGreaterThan(2)
    expect(between.match(/^: ping$/gm)?.length).toBeGreaterThan(2)
    expect(words.endsWith('data: [DONE]\n\n')).toBe(true)
  })

  test('a refusal before the stream has begun is a status, one after it an error inside', async () => {
    const script = { error: 'rate-limited' as const, pacing: { firstMs: 150 } }
    for (const [startAfterMs, status] of [
      [0, 429],
      [5_000, 429],
      [20, 200],
    ]) {
      await using here = await gateway({ script, startAfterMs })
      const reply = await here.post(path, { ...chat, stream: true })
      expect(reply.status).toBe(status)
      const words = await reply.text()
      expect(words).toContain('rate_limit_error')
      if (status === 200) expect(dataOf(words)).toHaveLength(1)
    }
  })

  test('the conversation id comes back, plain and streamed', async () => {
    await using here = await gateway()
    const body = { ...chat, conversation_id: 'conv-1' }
    expect(await (await here.post(path, body)).json()).toMatchObject({ conversation_id: 'conv-1' })
    const frames = dataOf(await (await here.post(path, { ...body, stream: true })).text())
    expect(frames.every((frame) => (frame as { conversation_id: string }).conversation_id === 'conv-1')).toBe(
      true,
    )
  })

  test('the host may change a request, or refuse it', async () => {
    await using here = await gateway({
      prepare: (request, { endpoint, access }) => ({
        ...request,
        system: `${endpoint} for ${access.userId}`,
      }),
      authorize: () => ({ userId: 'ann' }),
    })
    await here.post('/v1/responses', { model: 'openai/m', input: 'Hi' })
    expect(here.fake.log[0]?.request?.system).toBe('responses for ann')
  })
})

describe('status', () => {
  test('health is open, its details are not', async () => {
    await using here = await gateway({
      authorize: ({ headers }) => ({ role: headers.get('x-role') ?? 'user' }),
    })
    await here.post(path, chat)
    expect(await (await fetch(`${here.url}/health`)).json()).toEqual({ status: 'ok' })
    expect((await fetch(`${here.url}/health/details`)).status).toBe(403)
    const details = await fetch(`${here.url}/health/details`, { headers: { 'x-role': 'admin' } })
    expect(await details.json()).toMatchObject({ stats: { calls: 1, succeeded: 1 } })
  })

  test('the queue: status for callers, activity for admins, its limit from 1 to 1000', async () => {
    await using here = await gateway({
      authorize: ({ headers }) => ({ userId: 'ann', role: headers.get('x-role') ?? undefined }),
      orchestrator: { queue: { concurrency: 1, maxPending: 5 } },
    })
    for (let turn = 0; turn < 3; turn++) await here.post(path, chat)
    await until(() => here.orchestrator.queue?.status().running === 0)
    const status = await (await fetch(`${here.url}/queue/status`)).json()
    expect(status).toMatchObject({
      enabled: true,
      pending: 0,
      running: 0,
      concurrency: 1,
      maxPending: 5,
      processed: 3,
      rejected: 0,
    })
    const activity = async (query: string, role = 'admin'): Promise<Response> =>
      fetch(`${here.url}/queue/activity${query}`, { headers: { 'x-role': role } })
    expect((await activity('', 'user')).status).toBe(403)
    expect(await (await activity('')).json()).toMatchObject({
      limit: 50,
      activity: [{ user: 'ann' }, {}, {}],
    })
    expect(((await (await activity('?limit=2')).json()) as { activity: unknown[] }).activity).toHaveLength(2)
    expect((await activity('?limit=1000')).status).toBe(200)
    for (const limit of ['0', '1001', '2.5', 'many'])
      expect((await activity(`?limit=${limit}`)).status).toBe(400)
  })

  test('what is not there, and what takes other methods, in the words of the protocol', async () => {
    await using here = await gateway({ basePath: '/llm/' })
    expect((await here.post(`/llm${path}`, chat)).status).toBe(200)
    expect((await here.post(`/llm${path}/`, chat)).status).toBe(200)
    const missing = await here.post(path, chat)
    expect([missing.status, await missing.json()]).toMatchObject([
      404,
      { error: { type: 'invalid_request_error' } },
    ])
    const wrong = await fetch(`${here.url}/llm/v1/messages`)
    expect([wrong.status, wrong.headers.get('allow'), await wrong.json()]).toMatchObject([
      405,
      'POST',
      { type: 'error' },
    ])
    const anthropic = await fetch(`${here.url}/llm/v1/nothing`, {
      headers: { 'anthropic-version': '2023-06-01' },
    })
    expect([anthropic.status, await anthropic.json()]).toMatchObject([
      404,
      { type: 'error', error: { type: 'not_found_error' } },
    ])
  })
})
