import { fakeFetch, type FakeOptions } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'

type Body = Record<string, unknown>

async function post(path: string, body: unknown, headers: Record<string, string>, options?: FakeOptions) {
  const fetch = fakeFetch('ok', options)
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const reply = await fetch(`https://any.test${path}`, { method: 'POST', headers, body: text })
  const json = (await reply.json()) as {
    error?: { message: string; param?: string; code?: unknown; type?: string }
  }
  return {
    status: reply.status,
    error: json.error,
    refused: fetch.log[0]?.refused,
    request: fetch.log[0]?.request,
  }
}

const call = (id: string, name = 'f') => ({ id, type: 'function', function: { name, arguments: '{}' } })
const fn = { type: 'function', function: { name: 'f', parameters: { type: 'object' } } }

describe('openai-chat refuses what the vendor refuses', () => {
  const user = { role: 'user', content: 'Hi' }
  const send = (more: Body, options?: FakeOptions) =>
    post(
      '/v1/chat/completions',
      { model: 'm', messages: [user], ...more },
      { authorization: 'Bearer k' },
      options,
    )

  const refused: [string, Body][] = [
    ['frobnicate', { frobnicate: 1 }],
    ['model', { model: undefined }],
    ['messages', { messages: undefined }],
    ['messages', { messages: [] }],
    ['messages.0.role', { messages: [{ role: 'robot', content: 'Hi' }] }],
    ['messages.0.content', { messages: [{ role: 'user', content: null }] }],
    ['messages.0.content', { messages: [{ role: 'user', content: [] }] }],
    ['messages.0.content.0.type', { messages: [{ role: 'user', content: [{ type: 'picture' }] }] }],
    ['messages.0.content.0.type', { messages: [{ role: 'system', content: [{ type: 'image_url' }] }] }],
    ['messages.1.content', { messages: [user, { role: 'assistant' }] }],
    ['messages.1.role', { messages: [user, { role: 'tool', tool_call_id: 'a', content: 'x' }] }],
    ['messages.1.tool_calls', { messages: [user, { role: 'assistant', tool_calls: [call('a')] }, user] }],
    ['messages.1.tool_calls', { messages: [user, { role: 'assistant', tool_calls: [call('a')] }] }],
    ['messages.1.tool_calls', { messages: [user, { role: 'assistant', content: 'x', tool_calls: [] }] }],
    [
      'messages.2.tool_call_id',
      {
        messages: [
          user,
          { role: 'assistant', tool_calls: [call('a')] },
          { role: 'tool', tool_call_id: 'b', content: '' },
        ],
      },
    ],
    [
      'messages.1.tool_calls.0.id',
      { messages: [user, { role: 'assistant', tool_calls: [call('x'.repeat(41))] }] },
    ],
    ['temperature', { temperature: 2.1 }],
    ['temperature', { temperature: 'hot' }],
    ['top_p', { top_p: -1 }],
    ['frequency_penalty', { frequency_penalty: 3 }],
    ['n', { n: 0 }],
    ['max_tokens', { max_tokens: 0 }],
    ['max_tokens', { max_tokens: 5, max_completion_tokens: 5 }],
    ['max_tokens', { model: 'gpt-5-mini', max_tokens: 5 }],
    ['stop', { stop: ['a', 'b', 'c', 'd', 'e'] }],
    ['stream_options', { stream_options: { include_usage: true } }],
    ['top_logprobs', { top_logprobs: 3 }],
    ['tool_choice', { tool_choice: 'auto' }],
    ['tool_choice', { tools: [fn], tool_choice: 'any' }],
    [
      'tool_choice.function.name',
      { tools: [fn], tool_choice: { type: 'function', function: { name: 'g' } } },
    ],
    ['parallel_tool_calls', { parallel_tool_calls: false }],
    ['tools', { tools: [] }],
    ['tools.0.function.name', { tools: [{ type: 'function', function: { name: 'a b' } }] }],
    [
      'tools.0.function.parameters.type',
      { tools: [{ type: 'function', function: { name: 'a', parameters: {} } }] },
    ],
    [
      'response_format.json_schema.name',
      { response_format: { type: 'json_schema', json_schema: { schema: {} } } },
    ],
    ['messages', { response_format: { type: 'json_object' } }],
    ['reasoning_effort', { reasoning_effort: 'hard' }],
  ]
  test.each(refused)('%s: %j', async (where, more) => {
    const { status, error, refused: why } = await send(more)
    expect(status).toBe(400)
    expect(error).toMatchObject({ type: 'invalid_request_error', message: expect.stringContaining(where) })
    if (where !== 'frobnicate') expect(error?.param).toBe(where)
    expect(why).toBe(error?.message)
  })

  const accepted: Body[] = [
    { temperature: 2, top_p: 1, stop: 'END', n: 2, seed: 7, user: 'u', store: false, metadata: { a: 'b' } },
    { model: 'gpt-5-mini', max_completion_tokens: 5, reasoning_effort: 'low' },
    { tools: [fn], tool_choice: 'required', parallel_tool_calls: true },
    {
      messages: [{ role: 'developer', content: 'Be kind.' }, user, { role: 'assistant', content: '' }, user],
    },
    { messages: [{ role: 'user', content: 'Give json' }], response_format: { type: 'json_object' } },
    {
      messages: [
        user,
        { role: 'assistant', content: null, tool_calls: [call('a'), call('b')] },
        { role: 'tool', tool_call_id: 'b', content: 'B' },
        { role: 'tool', tool_call_id: 'a', content: [{ type: 'text', text: 'A' }] },
      ],
    },
  ]
  test.each(accepted)('takes %j', async (more) => {
    expect(await send(more)).toMatchObject({ status: 200, refused: undefined })
  })

  test('unknown fields pass where the option says so, and all the rest is still checked', async () => {
    const lenient = { unknownFields: 'ignore' } as const
    expect((await send({ top_k: 40, min_p: 0.1 }, lenient)).request?.settings.topK).toBe(40)
    expect((await send({ temperature: 9 }, lenient)).status).toBe(400)
  })

  test('a body that is no JSON object', async () => {
    for (const body of ['', '{"model":', '[]'])
      expect(
        (await post('/v1/chat/completions', body, { authorization: 'Bearer k' })).error?.message,
      ).toContain('not a JSON object')
  })
})

describe('anthropic-messages refuses what the vendor refuses', () => {
  const user = { role: 'user', content: 'Hi' }
  const use = (id: string) => ({ type: 'tool_use', id, name: 'f', input: {} })
  const result = (id: string) => ({ type: 'tool_result', tool_use_id: id, content: 'x' })
  const turn = (role: string, ...content: unknown[]) => ({ role, content })
  const tool = { name: 'f', input_schema: { type: 'object' } }
  const headers = { 'x-api-key': 'k', 'anthropic-version': '2023-06-01' }
  const send = (more: Body, given: Record<string, string> = headers) =>
    post('/v1/messages', { model: 'claude-haiku-4-5', max_tokens: 4000, messages: [user], ...more }, given)
  const thinking = { type: 'enabled', budget_tokens: 2000 }

  const refused: [string, Body][] = [
    ['frobnicate', { frobnicate: 1 }],
    ['max_tokens', { max_tokens: undefined }],
    ['messages', { messages: [] }],
    ['messages.0.role', { messages: [{ role: 'tool', content: 'x' }] }],
    ['messages.0.role', { messages: [{ role: 'assistant', content: 'x' }] }],
    ['messages.0.content', { messages: [{ role: 'user', content: '' }] }],
    ['messages.1.content', { messages: [user, { role: 'assistant', content: [] }, user] }],
    ['messages.0.content.0.text', { messages: [turn('user', { type: 'text', text: '' })] }],
    ['messages.0.content.0.text', { messages: [turn('user', { type: 'text', text: ' \n' })] }],
    ['messages.0.content.0.type', { messages: [turn('user', use('a'))] }],
    ['messages.1.content.0.type', { messages: [user, turn('assistant', result('a'))] }],
    ['messages.1: tool_use', { messages: [user, turn('assistant', use('a')), user] }],
    [
      'messages.1: tool_use',
      { messages: [user, turn('assistant', use('a'), use('b')), turn('user', result('a'))] },
    ],
    ['messages.0: a tool_result', { messages: [turn('user', result('a'))] }],
    [
      'messages.2: tool_result',
      {
        messages: [
          user,
          turn('assistant', use('a')),
          turn('user', { type: 'text', text: 'so' }, result('a')),
        ],
      },
    ],
    [
      'single tool_result',
      { messages: [user, turn('assistant', use('a')), turn('user', result('a'), result('a'))] },
    ],
    [
      'messages.1.content.0.id',
      { messages: [user, turn('assistant', use('a.b')), turn('user', result('a.b'))] },
    ],
    [
      'messages.1.content.0.signature',
      { messages: [user, turn('assistant', { type: 'thinking', thinking: 'hm' }), user] },
    ],
    ['final assistant', { messages: [user, { role: 'assistant', content: 'So ' }] }],
    ['temperature', { temperature: 1.5 }],
    ['temperature', { temperature: 0.5, top_p: 0.5 }],
    ['system.0.text', { system: [{ type: 'text', text: '' }] }],
    ['tools', { tools: [tool, tool] }],
    ['tools.0.input_schema', { tools: [{ name: 'f' }] }],
    ['tool_choice', { tool_choice: { type: 'auto' } }],
    ['tool_choice.name', { tools: [tool], tool_choice: { type: 'tool', name: 'g' } }],
    ['thinking.budget_tokens', { thinking: { type: 'enabled', budget_tokens: 100 } }],
    ['thinking.budget_tokens', { thinking: { type: 'enabled' } }],
    ['max_tokens', { thinking: { type: 'enabled', budget_tokens: 4000 } }],
    ['temperature', { thinking, temperature: 0.5 }],
    ['top_k', { thinking, top_k: 5 }],
    ['thinking', { thinking, tools: [tool], tool_choice: { type: 'any' } }],
    [
      'messages.1.content.0.type',
      { thinking, messages: [user, turn('assistant', use('a')), turn('user', result('a'))] },
    ],
    ['stop_sequences', { stop_sequences: [' '] }],
  ]
  test.each(refused)('%s: %j', async (where, more) => {
    const { status, error } = await send(more)
    expect(status).toBe(400)
    expect(error).toMatchObject({ type: 'invalid_request_error', message: expect.stringContaining(where) })
  })

  test('the version header is needed', async () => {
    expect((await send({}, { 'x-api-key': 'k' })).error?.message).toContain('anthropic-version')
  })

  const accepted: Body[] = [
    { messages: [user, user, { role: 'assistant', content: 'So' }] },
    { messages: [user, { role: 'assistant', content: '' }] },
    {
      messages: [
        user,
        turn('assistant', use('a'), use('b')),
        turn('user', result('b')),
        turn('user', result('a')),
      ],
    },
    { model: 'claude-3-haiku-20240307', temperature: 0.5, top_p: 0.5 },
    { thinking, temperature: 1, tools: [tool], tool_choice: { type: 'auto' } },
    { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } },
    { tools: [{ type: 'web_search_20250305', name: 'web_search' }], tool_choice: { type: 'any' } },
  ]
  test.each(accepted)('takes %j', async (more) => {
    expect(await send(more)).toMatchObject({ status: 200, refused: undefined })
  })
})

describe('gemini refuses what the vendor refuses', () => {
  const user = { role: 'user', parts: [{ text: 'Hi' }] }
  const asks = (...names: string[]) => ({
    role: 'model',
    parts: names.map((name) => ({ functionCall: { name, args: {} } })),
  })
  const answers = (...names: string[]) => ({
    role: 'user',
    parts: names.map((name) => ({ functionResponse: { name, response: { result: 1 } } })),
  })
  const send = (more: Body, model = 'gemini-2.5-flash') =>
    post(`/v1beta/models/${model}:generateContent`, { contents: [user], ...more }, { 'x-goog-api-key': 'k' })

  const refused: [string, Body][] = [
    ['frobnicate', { frobnicate: 1 }],
    ['frobnicate', { generationConfig: { frobnicate: 1 } }],
    ['frobnicate', { contents: [{ parts: [{ text: 'x', frobnicate: 1 }] }] }],
    ['contents', { contents: undefined }],
    ['contents', { contents: [] }],
    ['contents.0.role', { contents: [{ role: 'assistant', parts: [{ text: 'x' }] }] }],
    ['contents.0.parts', { contents: [{ role: 'user', parts: [] }] }],
    ['contents.0.parts.0', { contents: [{ role: 'user', parts: [{}] }] }],
    ['contents.0.parts.0', { contents: [{ role: 'user', parts: [{ text: 'x', inlineData: {} }] }] }],
    ['contents.0 holds function calls', { contents: [asks('f'), answers('f')] }],
    ['contents.1 holds 2 function calls', { contents: [user, asks('f', 'g'), answers('f')] }],
    ['contents.1 holds 1 function calls', { contents: [user, asks('f'), user] }],
    ['contents.1 holds function responses', { contents: [user, answers('f')] }],
    ['contents.1.parts.0.functionResponse.name', { contents: [user, answers('')] }],
    ['generationConfig.temperature', { generationConfig: { temperature: 3 } }],
    [
      'generationConfig.stopSequences',
      { generationConfig: { stopSequences: ['a', 'b', 'c', 'd', 'e', 'f'] } },
    ],
    ['generationConfig.responseMimeType', { generationConfig: { responseSchema: { type: 'OBJECT' } } }],
    ['thinkingBudget', { generationConfig: { thinkingConfig: { thinkingBudget: 5, thinkingLevel: 'low' } } }],
    ['tools.0.functionDeclarations.0.name', { tools: [{ functionDeclarations: [{ name: '1 a' }] }] }],
    ['mode', { toolConfig: { functionCallingConfig: { mode: 'SOME' } } }],
    [
      'allowedFunctionNames',
      { toolConfig: { functionCallingConfig: { mode: 'AUTO', allowedFunctionNames: ['f'] } } },
    ],
  ]
  test.each(refused)('%s: %j', async (where, more) => {
    const { status, error } = await send(more)
    expect(status).toBe(400)
    expect(error).toMatchObject({
      code: 400,
      status: 'INVALID_ARGUMENT',
      message: expect.stringContaining(where),
    })
  })

  const accepted: Body[] = [
    { contents: [user, user] },
    { contents: [{ parts: [{ text: 'no role' }] }] },
    { contents: [user, asks('f', 'g'), answers('g', 'f')], tools: [{ googleSearch: {} }] },
    { system_instruction: { parts: [{ text: 'Be kind.' }] }, generation_config: undefined },
    { generationConfig: { response_mime_type: 'application/json', response_schema: { type: 'OBJECT' } } },
    { contents: [{ role: 'user', parts: [{ inline_data: { mime_type: 'image/png', data: 'aGk=' } }] }] },
  ]
  test.each(accepted)('takes %j', async (more) => {
    expect(await send(more)).toMatchObject({ status: 200, refused: undefined })
  })

  test('a missing key is 403 there, a wrong one 400', async () => {
    const path = '/v1beta/models/m:generateContent'
    expect((await post(path, { contents: [user] }, {})).status).toBe(403)
    const wrong = await post(path, { contents: [user] }, { 'x-goog-api-key': 'k' }, { keys: ['other'] })
    expect(wrong).toMatchObject({ status: 400, error: { details: [{ reason: 'API_KEY_INVALID' }] } })
  })
})
