import OpenAI, { APIError, RateLimitError } from 'openai'
import { createFakeProvider, script, type FakeScript } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'

const messages = [{ role: 'user' as const, content: 'Hi' }]
const model = 'gpt-4.1-mini'

async function start(answers: FakeScript) {
  const provider = await createFakeProvider({ script: answers })
  const client = new OpenAI({ apiKey: 'test-key', baseURL: provider.baseUrl('openai-chat'), maxRetries: 0 })
  return { client, provider, [Symbol.asyncDispose]: () => provider.close() }
}

const tool = {
  type: 'function' as const,
  function: {
    name: 'get_weather',
    description: 'The weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
}
const weather = script(({ toolResults }) =>
  toolResults.length === 0
    ? { toolCalls: ['Oslo', 'Bergen'].map((city) => ({ name: 'get_weather', arguments: { city } })) }
    : `Weather: ${toolResults.map(({ name, text }) => `${name} ${text}`).join(', ')}`,
)

describe('the openai client', () => {
  test('a whole answer with usage', async () => {
    await using fake = await start({
      text: 'Hello there',
      usage: { inputTokens: 12, outputTokens: 5, cachedInputTokens: 8, reasoningTokens: 2 },
    })
    const reply = await fake.client.chat.completions.create({ model, messages })
    expect(reply.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { role: 'assistant', content: 'Hello there' },
    })
    expect(reply.usage).toMatchObject({
      prompt_tokens: 12,
      completion_tokens: 5,
      total_tokens: 17,
      prompt_tokens_details: { cached_tokens: 8 },
      completion_tokens_details: { reasoning_tokens: 2 },
    })
    expect(reply.model).toBe(model)
    expect(fake.provider.log[0]).toMatchObject({ status: 200, body: { model, messages } })
    expect(fake.provider.log[0]?.request?.prompt).toBe('Hi')
  })

  test('raw iteration of a stream: role, text, finish, usage with no choices', async () => {
    await using fake = await start({ text: ['Hel', 'lo'], usage: { inputTokens: 3, outputTokens: 2 } })
    const stream = await fake.client.chat.completions.create({
      model,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    })
    const chunks = []
    for await (const chunk of stream) chunks.push(chunk)
    expect(chunks[0]?.choices[0]?.delta).toEqual({ role: 'assistant', content: '', refusal: null })
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('Hello')
    expect(chunks.map((chunk) => chunk.choices[0]?.finish_reason).filter(Boolean)).toEqual(['stop'])
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } })
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true)
    expect(new Set(chunks.map((chunk) => chunk.id)).size).toBe(1)
  })

  test('no usage in a stream that does not ask for it', async () => {
    await using fake = await start('Hello')
    const stream = await fake.client.chat.completions.create({ model, messages, stream: true })
    for await (const chunk of stream) expect(chunk.usage ?? undefined).toBeUndefined()
  })

  test('the strict stream helper', async () => {
    await using fake = await start({ text: 'Hello there', reasoning: 'Be kind.' })
    const helper = fake.client.chat.completions.stream({
      model,
      messages,
      stream_options: { include_usage: true },
    })
    let text = ''
    helper.on('content', (delta) => (text += delta))
    const completion = await helper.finalChatCompletion()
    expect(text).toBe('Hello there')
    expect(completion.choices[0]?.message.content).toBe('Hello there')
    expect(completion.usage?.total_tokens).toBeGreaterThan(0)
  })

  test('several choices in a stream', async () => {
    await using fake = await start('Hello there')
    const completion = await fake.client.chat.completions
      .stream({ model, messages, n: 2 })
      .finalChatCompletion()
    expect(completion.choices.map((choice) => choice.message.content)).toEqual(['Hello there', 'Hello there'])
  })

  test.each([false, true])('runTools makes the round trip (stream: %s)', async (stream) => {
    await using fake = await start(weather)
    const asked: string[] = []
    const runnable = {
      ...tool,
      function: {
        ...tool.function,
        parse: JSON.parse,
        function: ({ city }: { city: string }) => {
          asked.push(city)
          return `rain in ${city}`
        },
      },
    }
    const runner = stream
      ? fake.client.chat.completions.runTools({ model, messages, tools: [runnable], stream: true })
      : fake.client.chat.completions.runTools({ model, messages, tools: [runnable] })
    expect(await runner.finalContent()).toBe('Weather: get_weather rain in Oslo, get_weather rain in Bergen')
    expect(asked).toEqual(['Oslo', 'Bergen'])
    expect(fake.provider.log).toHaveLength(2)
    expect(fake.provider.log[0]?.request?.tools[0]?.name).toBe('get_weather')
  })

  test('reasoning comes as reasoning_content', async () => {
    await using fake = await start({ reasoning: 'Let me think.', text: 'Done.' })
    const whole = await fake.client.chat.completions.create({ model, messages })
    expect(whole.choices[0]?.message).toMatchObject({ reasoning_content: 'Let me think.' })
    let reasoning = ''
    for await (const chunk of await fake.client.chat.completions.create({ model, messages, stream: true }))
      reasoning +=
        (chunk.choices[0]?.delta as { reasoning_content?: string } | undefined)?.reasoning_content ?? ''
    expect(reasoning).toBe('Let me think.')
  })

  test('logprobs where asked for', async () => {
    await using fake = await start('Hello there')
    const reply = await fake.client.chat.completions.create({
      model,
      messages,
      logprobs: true,
      top_logprobs: 1,
    })
    expect(reply.choices[0]?.logprobs?.content?.map(({ token }) => token)).toEqual(['Hello', ' there'])
  })

  test.each([
    [{ kind: 'unauthorized' }, 401, 'invalid_api_key'],
    [{ kind: 'rate-limited', retryAfterMs: 2500 }, 429, 'rate_limit_exceeded'],
    [{ kind: 'quota-exhausted' }, 429, 'insufficient_quota'],
    [{ status: 500, message: 'Oh no' }, 500, null],
    [{ status: 529 }, 529, 'server_is_overloaded'],
    [{ kind: 'context-too-long' }, 400, 'context_length_exceeded'],
    [{ kind: 'not-found' }, 404, 'model_not_found'],
  ] as const)('error %j', async (given, status, code) => {
    await using fake = await start({ error: given })
    for (const stream of [false, true]) {
      const failure = await fake.client.chat.completions
        .create({ model, messages, stream })
        .catch((e: unknown) => e)
      expect(failure).toBeInstanceOf(APIError)
      expect(failure).toMatchObject({ status, code: code ?? null })
      if ('message' in given) expect((failure as APIError).message).toContain(given.message)
      if (failure instanceof RateLimitError && 'retryAfterMs' in given) {
        expect(failure.headers.get('retry-after')).toBe('3')
        expect(failure.headers.get('retry-after-ms')).toBe('2500')
      }
      expect((failure as APIError).requestID).toMatch(/^req_/)
    }
  })

  test('its own retries get the next replies of a list', async () => {
    await using fake = await start([{ error: { status: 500, retryAfterMs: 1 } }, 'Hello'])
    const reply = await fake.client.chat.completions.create({ model, messages }, { maxRetries: 1 })
    expect(reply.choices[0]?.message.content).toBe('Hello')
    expect(fake.provider.log.map(({ status }) => status)).toEqual([500, 200])
  })

  test('an error inside the stream is thrown with its fields', async () => {
    await using fake = await start({
      text: 'Hello there',
      chaos: { type: 'error', at: 'middle', error: 'server-failed' },
    })
    const stream = await fake.client.chat.completions.create({ model, messages, stream: true })
    let text = ''
    const read = async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
    }
    await expect(read()).rejects.toMatchObject({ type: 'server_error' })
    expect(text).toBe('Hello')
  })

  test('a request without a key is refused', async () => {
    await using fake = await start('Hello')
    const reply = await fetch(`${fake.provider.baseUrl('openai-chat')}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model, messages }),
    })
    expect(reply.status).toBe(401)
    expect(await reply.json()).toMatchObject({ error: { type: 'invalid_request_error' } })
    expect(fake.provider.log[0]?.refused).toContain('no API key')
  })

  test('the list of models', async () => {
    await using provider = await createFakeProvider({ models: ['a', 'b'] })
    const client = new OpenAI({ apiKey: 'x', baseURL: provider.baseUrl('openai-chat') })
    const list = await client.models.list()
    expect(list.data.map(({ id }) => id)).toEqual(['a', 'b'])
  })
})
