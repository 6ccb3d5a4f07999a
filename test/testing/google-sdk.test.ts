import { ApiError, GoogleGenAI, type Content, type GenerateContentResponse } from '@google/genai'
import { createFakeProvider, script, type FakeScript } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'

const model = 'gemini-3-flash'

async function start(answers: FakeScript) {
  const provider = await createFakeProvider({ script: answers })
  const httpOptions = { baseUrl: `${provider.url}/gemini` }
  const { models } = new GoogleGenAI({ apiKey: 'test-key', httpOptions })
  return { models, provider, [Symbol.asyncDispose]: () => provider.close() }
}

const tools = [
  {
    functionDeclarations: [
      {
        name: 'get_weather',
        description: 'The weather of a city',
        parametersJsonSchema: { type: 'object', properties: { city: { type: 'string' } } },
      },
    ],
  },
]
const weather = script(({ toolResults }) =>
  toolResults.length === 0
    ? { toolCalls: ['Oslo', 'Bergen'].map((city) => ({ name: 'get_weather', arguments: { city } })) }
    : `Weather: ${toolResults.map(({ name, text }) => `${name} ${text}`).join(', ')}`,
)

describe('the google client', () => {
  test('a whole answer with usage', async () => {
    await using fake = await start({
      text: 'Hello there',
      usage: { inputTokens: 12, outputTokens: 9, reasoningTokens: 4, cachedInputTokens: 8 },
    })
    const reply = await fake.models.generateContent({
      model,
      contents: 'Hi',
      config: {
        systemInstruction: 'Be kind.',
        temperature: 0.5,
        maxOutputTokens: 50,
        thinkingConfig: { thinkingBudget: 100 },
      },
    })
    expect(reply.text).toBe('Hello there')
    expect(reply.candidates?.[0]?.finishReason).toBe('STOP')
    expect(reply.usageMetadata).toMatchObject({
      promptTokenCount: 12,
      candidatesTokenCount: 5,
      thoughtsTokenCount: 4,
      cachedContentTokenCount: 8,
      totalTokenCount: 21,
    })
    expect(fake.provider.log[0]?.request).toMatchObject({
      model,
      system: 'Be kind.',
      prompt: 'Hi',
      settings: { temperature: 0.5, maxTokens: 50, reasoning: { budgetTokens: 100 } },
    })
  })

  test('a stream: texts, one finish reason in the last chunk, usage', async () => {
    await using fake = await start({ reasoning: 'Be kind.', text: ['Hel', 'lo'] })
    let [text, thought] = ['', '']
    let last: GenerateContentResponse | undefined
    for await (const chunk of await fake.models.generateContentStream({ model, contents: 'Hi' })) {
      expect(last?.candidates?.[0]?.finishReason).toBeUndefined()
      for (const part of chunk.candidates?.[0]?.content?.parts ?? [])
        if (part.thought === true) thought += part.text
        else text += part.text ?? ''
      last = chunk
    }
    expect([text, thought]).toEqual(['Hello', 'Be kind.'])
    expect(last?.candidates?.[0]?.finishReason).toBe('STOP')
    expect(last?.usageMetadata?.totalTokenCount).toBeGreaterThan(0)
  })

  test.each([false, true])('a tool round trip (stream: %s)', async (stream) => {
    await using fake = await start(weather)
    const ask = async (contents: Content[]): Promise<Content[]> => {
      const request = { model, contents, config: { tools } }
      if (!stream)
        return (await fake.models.generateContent(request)).candidates?.flatMap((c) => c.content ?? []) ?? []
      const parts = []
      for await (const chunk of await fake.models.generateContentStream(request))
        parts.push(...(chunk.candidates?.[0]?.content?.parts ?? []).filter((part) => part.text !== ''))
      return [{ role: 'model', parts }]
    }
    const question: Content = { role: 'user', parts: [{ text: 'Weather?' }] }
    const [calls = {}] = await ask([question])
    const results: Content = {
      role: 'user',
      parts: (calls.parts ?? []).map(({ functionCall }) => ({
        functionResponse: {
          name: 'get_weather',
          response: { result: `rain in ${String(functionCall?.args?.['city'])}` },
        },
      })),
    }
    const [answer] = await ask([question, calls, results])
    expect(answer?.parts?.map((part) => part.text).join('')).toBe(
      'Weather: get_weather rain in Oslo, get_weather rain in Bergen',
    )
    // This model's calls have to come back with their signature.
    const bare = (calls.parts ?? []).map(({ functionCall }) => ({ functionCall }))
    await expect(ask([question, { role: 'model', parts: bare }, results])).rejects.toThrow(
      'thought_signature',
    )
  })

  test.each([
    [{ kind: 'unauthorized' }, 400, 'INVALID_ARGUMENT'],
    [{ status: 401 }, 401, 'UNAUTHENTICATED'],
    [{ kind: 'rate-limited', retryAfterMs: 2500 }, 429, 'RESOURCE_EXHAUSTED'],
    [{ kind: 'overloaded' }, 503, 'UNAVAILABLE'],
    [{ kind: 'server-failed' }, 500, 'INTERNAL'],
    [{ kind: 'context-too-long' }, 400, 'INVALID_ARGUMENT'],
  ] as const)('error %j', async (given, status, name) => {
    await using fake = await start({ error: given })
    const asked = [
      fake.models.generateContent({ model, contents: 'Hi' }),
      fake.models.generateContentStream({ model, contents: 'Hi' }),
    ]
    for (const outcome of await Promise.allSettled(asked)) {
      const { reason } = outcome as PromiseRejectedResult
      expect(reason).toBeInstanceOf(ApiError)
      expect(reason).toMatchObject({ status, message: expect.stringContaining(name) })
      if ('retryAfterMs' in given) expect((reason as ApiError).message).toContain('"retryDelay":"2.5s"')
    }
  })

  test('an error inside the stream', async () => {
    await using fake = await start({
      text: 'Hello there',
      chaos: { type: 'error', at: 'middle', error: 'overloaded' },
    })
    const read = async () => {
      for await (const chunk of await fake.models.generateContentStream({ model, contents: 'Hi' })) void chunk
    }
    await expect(read()).rejects.toThrow('overloaded')
  })

  test('a stream without alt=sse is a JSON list', async () => {
    await using fake = await start('Hello there')
    const url = `${fake.provider.baseUrl('gemini')}/models/${model}:streamGenerateContent`
    const body = JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] })
    const reply = await fetch(url, { method: 'POST', headers: { 'x-goog-api-key': 'k' }, body })
    expect(await reply.json()).toHaveLength(3)
    const sse = await fetch(`${url}?alt=sse`, { method: 'POST', headers: { 'x-goog-api-key': 'k' }, body })
    expect(await sse.text()).toMatch(/^data: \{.*\}\r\n\r\ndata: /)
  })

  test('files and the list of models', async () => {
    await using fake = await start({ files: [{ mediaType: 'image/png', data: 'aGk=' }] })
    const reply = await fake.models.generateContent({ model, contents: 'Draw' })
    expect(reply.data).toBe('aGk=')
    const names = []
    for await (const found of await fake.models.list()) names.push(found.name)
    expect(names).toEqual(['models/fake-model'])
  })
})
