import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { until } from '../http/gateway.ts'
import { failureOf, leavesAtOnce, sharedGateway, type ServedGateway } from './served.ts'

const gateway = sharedGateway()
const messages = [{ role: 'user' as const, content: 'Hi' }]
const clientOf = ({ url }: ServedGateway, maxRetries = 0): OpenAI =>
  new OpenAI({ apiKey: 'any', baseURL: `${url}/v1`, maxRetries })

const tool = {
  type: 'function' as const,
  function: {
    name: 'get_weather',
    description: 'The weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
}

describe('the openai client on chat completions', () => {
  test('a whole answer, with tools, usage and the request id', async () => {
    const served = gateway({
      text: 'Sunny.',
      reasoning: 'It is summer.',
      toolCalls: [{ name: 'get_weather', arguments: { city: 'Oslo' } }],
      usage: { inputTokens: 12, outputTokens: 5, cachedInputTokens: 8, reasoningTokens: 2 },
    })
    const { data, request_id } = await clientOf(served)
      .chat.completions.create({ model: 'fast', messages, tools: [tool], temperature: 0.5 })
      .withResponse()
    expect(request_id).toMatch(/^req_/)
    expect(data).toMatchObject({ object: 'chat.completion', model: 'fast' })
    expect(data.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        role: 'assistant',
        content: 'Sunny.',
        tool_calls: [{ type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } }],
      },
    })
    expect(data.usage).toMatchObject({
      prompt_tokens: 12,
      completion_tokens: 5,
      total_tokens: 17,
      prompt_tokens_details: { cached_tokens: 8 },
      completion_tokens_details: { reasoning_tokens: 2 },
    })
    expect(served.log()[0]?.request?.settings).toMatchObject({ temperature: 0.5 })
    expect(served.log()[0]?.request?.tools[0]).toMatchObject({ name: 'get_weather' })
  })

  test('raw iteration with usage', async () => {
    const served = gateway({ text: ['Hel', 'lo'], usage: { inputTokens: 3, outputTokens: 2 } })
    const stream = await clientOf(served).chat.completions.create({
      model: 'openai/gpt-4.1-mini',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    })
    const chunks = []
    for await (const chunk of stream) chunks.push(chunk)
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('Hello')
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1)
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 5 } })
    expect(chunks.filter(({ choices }) => choices[0]?.finish_reason === 'stop')).toHaveLength(1)
  })

  test('the stream helper', async () => {
    const served = gateway({
      text: 'One two',
      toolCalls: ['Oslo', 'Bergen'].map((city) => ({ name: 'get_weather', arguments: { city } })),
    })
    const runner = clientOf(served).chat.completions.stream({ model: 'fast', messages, tools: [tool] })
    const done: string[] = []
    runner.on('tool_calls.function.arguments.done', ({ arguments: text }) => done.push(text))
    const final = await runner.finalChatCompletion()
    expect(done).toEqual(['{"city":"Oslo"}', '{"city":"Bergen"}'])
    expect(final.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { content: 'One two' } })
  })

  test.each([true, false])('runTools, streamed %s', async (stream) => {
    const served = gateway(({ toolResults }) =>
      toolResults.length === 0
        ? { toolCalls: ['Oslo', 'Bergen'].map((city) => ({ name: 'get_weather', arguments: { city } })) }
        : `Weather: ${toolResults.map(({ name, text }) => `${name} ${text}`).join(', ')}`,
    )
    const { function: described } = tool
    const runnable = {
      type: 'function' as const,
      function: {
        ...described,
        parse: JSON.parse,
        function: ({ city }: { city: string }) => `${city}: mild`,
      },
    }
    const { completions } = clientOf(served).chat
    const body = { model: 'fast', messages, tools: [runnable] }
    const runner = stream
      ? completions.runTools({ ...body, stream: true })
      : completions.runTools({ ...body, stream: false })
    expect(await runner.finalContent()).toBe('Weather: get_weather Oslo: mild, get_weather Bergen: mild')
    expect(served.log()).toHaveLength(2)
  })

  test('several answers at once', async () => {
    const served = gateway('Twice.')
    const body = { model: 'fast', messages, n: 2 }
    const whole = await clientOf(served).chat.completions.create(body)
    expect(whole.choices.map(({ index, message }) => [index, message.content])).toEqual([
      [0, 'Twice.'],
      [1, 'Twice.'],
    ])
    const texts = ['', '']
    for await (const { choices } of await clientOf(served).chat.completions.create({ ...body, stream: true }))
      for (const { index, delta } of choices) texts[index] += delta.content ?? ''
    expect(texts).toEqual(['Twice.', 'Twice.'])
  })

  test.each([
    ['rate-limited', OpenAI.RateLimitError, 429],
    ['not-found', OpenAI.NotFoundError, 404],
    ['invalid-request', OpenAI.BadRequestError, 400],
    ['unauthorized', OpenAI.AuthenticationError, 401],
    ['server-failed', OpenAI.InternalServerError, 502],
    ['overloaded', OpenAI.InternalServerError, 503],
  ] as const)('a provider that answers %s', async (error, kind, status) => {
    const served = gateway({ error })
    for (const stream of [false, true]) {
      const thrown = await failureOf(
        clientOf(served).chat.completions.create({ model: 'fast', messages, stream }),
      )
      expect(thrown).toBeInstanceOf(kind)
      expect(thrown).toMatchObject({ status, requestID: expect.stringMatching(/^req_/) })
      expect((thrown as Error).message).not.toMatch(/upstream|127\.0\.0\.1/)
    }
  })

  test('an error inside the stream is thrown, after what came before', async () => {
    const served = gateway({
      text: ['one ', 'two ', 'three ', 'four'],
      chaos: { type: 'error', at: 'middle', error: 'overloaded' },
    })
    const stream = await clientOf(served).chat.completions.create({ model: 'fast', messages, stream: true })
    let text = ''
    const reading = async (): Promise<void> => {
      for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
    }
    await expect(reading()).rejects.toThrow(OpenAI.APIError)
    expect(text).toBe('one two ')
  })

  test('an upstream that is cut is an error, not an end', async () => {
    const served = gateway({ text: 'one two three', chaos: { type: 'cut', at: 'middle' } })
    const stream = await clientOf(served).chat.completions.create({ model: 'fast', messages, stream: true })
    const reading = async (): Promise<void> => {
      for await (const { choices } of stream) expect(choices).toHaveLength(1)
    }
    await expect(reading()).rejects.toThrow(OpenAI.APIError)
  })

  test('an abort ends the upstream within 100 ms: in a stream, before its first content, and in a whole call', async () => {
    const served = gateway(({ prompt }) => ({
      text: 'one two three four five',
      pacing: prompt === 'late' ? { firstMs: 5_000 } : { betweenMs: 2_000 },
    }))
    const { completions } = clientOf(served).chat
    const streaming = await completions.create({ model: 'fast', messages, stream: true })
    for await (const { choices } of streaming) if (choices[0]?.delta.content === 'one') break
    await leavesAtOnce(served, () => streaming.controller.abort())
    for (const stream of [true, false]) {
      const leaver = new AbortController()
      const before = served.log().length
      const late = [{ role: 'user' as const, content: 'late' }]
      const call = completions
        .create({ model: 'fast', messages: late, stream }, { signal: leaver.signal })
        .catch((error: unknown) => error)
      await until(() => served.log().length > before)
      await leavesAtOnce(served, () => leaver.abort())
      expect(await call).toBeInstanceOf(OpenAI.APIUserAbortError)
    }
  })

  test('every option arrives upstream', async () => {
    const served = gateway('{"ok":true}')
    const schema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] }
    await clientOf(served).chat.completions.create({
      model: 'fast',
      messages: [
        { role: 'developer', content: 'Be brief.' },
        {
          role: 'user',
          name: 'ann',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'low' } },
            { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
            { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBERi0=', filename: 'a.pdf' } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'call_1', content: [{ type: 'text', text: 'mild' }] },
      ],
      max_completion_tokens: 64,
      temperature: 0.2,
      top_p: 0.9,
      frequency_penalty: 0.1,
      presence_penalty: -0.1,
      stop: ['END'],
      n: 1,
      logprobs: true,
      top_logprobs: 2,
      logit_bias: { '50256': -100 },
      safety_identifier: 'ann',
      metadata: { team: 'yard' },
      tools: [tool],
      tool_choice: { type: 'function', function: { name: 'get_weather' } },
      parallel_tool_calls: false,
      response_format: { type: 'json_schema', json_schema: { name: 'answer', schema, strict: true } },
    })
    const body = served.log()[0]?.body
    expect(body).toMatchObject({
      temperature: 0.2,
      top_p: 0.9,
      frequency_penalty: 0.1,
      presence_penalty: -0.1,
      stop: ['END'],
      logprobs: true,
      top_logprobs: 2,
      logit_bias: { '50256': -100 },
      parallel_tool_calls: false,
      tool_choice: { type: 'function', function: { name: 'get_weather' } },
      response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true } },
    })
    const seen = served.log()[0]?.request
    expect(seen?.settings.maxTokens).toBe(64)
    expect(seen?.turns[0]?.media.map(({ type }) => type)).toEqual(['image', 'audio', 'file'])
    expect(seen?.toolResults[0]).toMatchObject({ id: 'call_1', text: 'mild' })
  })
})
