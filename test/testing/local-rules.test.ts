import { chatApiCall, createOrchestrator } from 'llm-switchyard'
import { fakeFetch, type FakeOptions, type FakeReply } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'

type Body = Record<string, unknown>

const messages = [{ role: 'user' as const, content: 'Hi' }]

async function post(path: string, body: Body, answer: FakeReply = { text: 'ok' }, options?: FakeOptions) {
  const fetch = fakeFetch(answer, options)
  const reply = await fetch(`http://any.test${path}`, { method: 'POST', body: JSON.stringify(body) })
  return { status: reply.status, text: await reply.text(), request: fetch.log[0]?.request }
}

describe('ollama', () => {
  const user = messages[0]
  const send = (more: Body, options?: FakeOptions) =>
    post('/api/chat', { model: 'qwen3', messages, stream: false, ...more }, undefined, options)

  test.each<readonly [string, Body]>([
    ['frobnicate', { frobnicate: 1 }],
    ['model', { model: undefined }],
    ['messages.0.role', { messages: [{ role: 'developer', content: 'Hi' }] }],
    ['messages.0.content', { messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }] }],
    ['messages.0.images', { messages: [{ ...user, images: ['data:image/png;base64,aGk='] }] }],
    [
      'messages.0.tool_calls.0.function.arguments',
      { messages: [{ role: 'assistant', tool_calls: [{ function: { name: 'f', arguments: '{}' } }] }] },
    ],
    ['tools.0.function.name', { tools: [{ type: 'function', function: {} }] }],
    ['think', { think: 'xhigh' }],
    ['format', { format: 'yaml' }],
    ['options.temperature', { options: { temperature: 'hot' } }],
    ['options.num_predict', { options: { num_predict: 1.5 } }],
    ['options.num_ctx', { options: { num_ctx: '4096' } }],
    ['options.stop', { options: { stop: 'END' } }],
    ['top_logprobs', { top_logprobs: 21 }],
  ])('refuses %s: %j', async (where, more) => {
    const { status, text } = await send(more)
    expect(status).toBe(400)
    expect((JSON.parse(text) as { error: string }).error).toContain(` ${where} `)
  })

  test.each<Body>([
    { format: '', keep_alive: '5m', options: { num_predict: -1, low_vram: true }, tools: [], think: false },
    { format: { type: 'object' }, logprobs: true, top_logprobs: 2, truncate: true },
    {
      messages: [
        user,
        { role: 'assistant', thinking: 'hm', tool_calls: [{ function: { name: 'f', arguments: {} } }] },
        { role: 'tool', tool_name: 'f', content: 'x' },
      ],
    },
  ])('takes %j', async (more) => {
    expect(await send(more)).toMatchObject({ status: 200 })
  })

  test('streams lines unless told not to', async () => {
    const reply: FakeReply = {
      reasoning: 'hm',
      text: 'Hi you',
      toolCalls: [{ name: 'f', arguments: { a: 1 } }],
      usage: { inputTokens: 0, outputTokens: 2 },
    }
    const { text, request } = await post('/api/chat', { model: 'qwen3', messages, logprobs: true }, reply)
    expect(request?.stream).toBe(true)
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Body)
    const message = (more: Body) => ({ message: { role: 'assistant', content: '', ...more }, done: false })
    expect(lines).toMatchObject([
      message({ thinking: 'hm' }),
      { ...message({ content: 'Hi' }), logprobs: [{ token: 'Hi' }] },
      message({ content: ' you' }),
      message({ tool_calls: [{ function: { index: 0, name: 'f', arguments: { a: 1 } } }] }),
      { done: true, done_reason: 'stop', eval_count: 2 },
    ])
    expect(lines.at(-1)).not.toHaveProperty('prompt_eval_count')
  })

  test('says what it cannot carry', async () => {
    for (const reply of [
      { citations: [{ url: 'https://a.test' }] },
      { files: [{ mediaType: 'image/png', data: 'aGk=' }] },
      { finishReason: 'content-filter' },
    ] satisfies FakeReply[])
      expect((await post('/api/chat', { model: 'qwen3', messages }, reply)).text).toContain(
        'the ollama format has no',
      )
  })

  test('takes no key and any key, and checks the ones it is given', async () => {
    const ask = (apiKey: string | undefined, options?: FakeOptions): Promise<unknown> =>
      chatApiCall({ provider: 'ollama', model: 'qwen3', messages, apiKey, fetch: fakeFetch('ok', options) })
    expect(await ask(undefined)).toMatchObject({ text: 'ok' })
    expect(await ask('right', { keys: ['right'] })).toMatchObject({ text: 'ok' })
    await expect(ask(undefined, { keys: ['right'] })).rejects.toMatchObject({ kind: 'unauthorized' })
  })
})

describe('kobold', () => {
  const send = (more: Body, options?: FakeOptions) =>
    post('/api/v1/generate', { prompt: 'Hi', ...more }, undefined, options)

  test.each<readonly [string, Body]>([
    ['frobnicate', { frobnicate: 1 }],
    ['prompt', { prompt: undefined }],
    ['prompt', { prompt: [] }],
    ['max_length', { max_length: 0 }],
    ['max_length', { max_length: 3000, max_context_length: 2048 }],
    ['temperature', { temperature: -1 }],
    ['top_p', { top_p: 2 }],
    ['min_p', { min_p: 'x' }],
    ['rep_pen', { rep_pen: -1 }],
    ['stop_sequence', { stop_sequence: [1] }],
  ])('refuses %s: %j', async (where, more) => {
    const { status, text } = await send(more)
    expect(status).toBe(422)
    expect((JSON.parse(text) as { detail: { msg: string } }).detail.msg).toContain(`${where} `)
  })

  test('unknown fields may be passed over', async () => {
    expect(await send({ frobnicate: 1 }, { unknownFields: 'ignore' })).toMatchObject({ status: 200 })
  })

  test.each<[string, string, readonly (readonly [string, string])[]]>([
    ['Tell me', '', [['user', 'Tell me']]],
    [
      'Be kind.\n### Instruction:\nHi\n\n### Response:\nHo\n\n### Instruction:\nWhat?\n\n### Response:\n',
      'Be kind.',
      [
        ['user', 'Hi'],
        ['assistant', 'Ho'],
        ['user', 'What?'],
      ],
    ],
    [
      '{{[SYSTEM]}}Be kind.{{[SYSTEM_END]}}{{[INPUT]}}Hi{{[INPUT_END]}}{{[OUTPUT]}}',
      'Be kind.',
      [['user', 'Hi']],
    ],
  ])('finds the turns of %j', async (prompt, system, turns) => {
    const { request } = await send({ prompt })
    expect(request?.system).toBe(system)
    expect(request?.turns.map(({ role, text }) => [role, text])).toEqual(turns)
    expect(request?.prompt).toBe(turns.at(-1)?.[1])
  })

  test('answers our own call, whole and streamed', async () => {
    for (const stream of [false, true]) {
      const fetch = fakeFetch(({ prompt, system, settings }) => `${system} ${prompt} ${settings.maxTokens}`)
      const request = { provider: 'koboldcpp', system: 'Sys', messages, maxTokens: 9, fetch }
      const reply = stream
        ? await (
            await chatApiCall({ ...request, stream: true })
          ).response
        : await chatApiCall({ ...request, stream: false })
      expect(reply).toMatchObject({ text: 'Sys Hi 9', finishReason: 'stop', usage: { estimated: true } })
      expect(fetch.log[0]?.request).toMatchObject({ dialect: 'kobold', stream })
    }
  })

  test('says what it cannot carry', async () => {
    for (const reply of [
      { reasoning: 'hm' },
      { toolCalls: [{ name: 'f' }] },
      { citations: [{ title: 'T' }] },
    ])
      expect((await post('/api/extra/generate/stream', { prompt: 'Hi' }, reply)).text).toContain(
        'is plain text',
      )
    const filtered = await post('/api/v1/generate', { prompt: 'Hi' }, { finishReason: 'content-filter' })
    expect(filtered.text).toContain('has no word for finish reason content-filter')
  })
})

test.each([
  ['ollama', [{ id: 'one' }, { id: 'two' }]],
  ['koboldcpp', [{ id: 'koboldcpp/one' }]],
])('models of %s are listed', async (provider, listed) => {
  await using orchestrator = createOrchestrator({ fetch: fakeFetch('ok', { models: ['one', 'two'] }) })
  expect(await orchestrator.listModels(provider)).toMatchObject(listed)
})
