import { chatApiCall, LlmError } from 'llm-switchyard'
import {
  createFakeProvider,
  fakeFetch,
  mswHandlers,
  script,
  type FakeReply,
  type FakeRequest,
  type FakeScript,
  type Msw,
} from 'llm-switchyard/testing'
import { describe, expect, test, vi } from 'vitest'
import { lacks, targets } from './carriers.ts'

const messages = [{ role: 'user' as const, content: 'Hi' }]
const ask = (answers: FakeScript, dialect = 'openai-chat') => {
  const fetch = fakeFetch(answers)
  return { fetch, call: () => chatApiCall({ ...targets[dialect]!, fetch, apiKey: 'k', messages }) }
}

// What a format has a word for: one has no stop texts, others cannot name a tool.
const usual = { stop: ['END'], toolChoice: { name: 'f' } }
const told: Readonly<Record<string, object>> = {
  'openai-responses': { toolChoice: { name: 'f' } },
  cohere: { stop: ['END'], toolChoice: 'required' },
  ollama: { stop: ['END'] },
}

describe('a script', () => {
  test('of one reply answers every call', async () => {
    const { call } = ask('Hello')
    expect([(await call()).text, (await call()).text]).toEqual(['Hello', 'Hello'])
  })

  test('of a list answers one call with each, and refuses one too many', async () => {
    const { call, fetch } = ask(['a', { text: 'b' }])
    expect([(await call()).text, (await call()).text]).toEqual(['a', 'b'])
    await expect(call()).rejects.toMatchObject({
      kind: 'invalid-request',
      message: /2 replies, and this is call 3/,
    })
    expect(fetch.log[2]?.refused).toContain('2 replies')
  })

  test('starts anew for each fake', async () => {
    const answers = script(['only'])
    expect((await ask(answers).call()).text).toBe('only')
    expect((await ask(answers).call()).text).toBe('only')
  })

  test('a refused request takes no reply', async () => {
    const fetch = fakeFetch(['a'])
    const refused = await fetch('https://x.test/v1/chat/completions', { method: 'POST', body: '{}' })
    expect(refused.status).toBe(401)
    expect((await chatApiCall({ ...targets['openai-chat']!, fetch, apiKey: 'k', messages })).text).toBe('a')
  })

  test.each(Object.keys(targets))('sees the same request over %s', async (dialect) => {
    let seen: FakeRequest | undefined
    const fetch = fakeFetch(async (request) => {
      seen = request
      return 'Hello'
    })
    await chatApiCall({
      ...targets[dialect]!,
      fetch,
      apiKey: 'k',
      system: 'Be kind.',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Look' },
            { type: 'image', data: 'aGk=', mediaType: 'image/png' },
          ],
        },
        { role: 'assistant', content: 'I see.' },
        { role: 'user', content: 'What?' },
      ],
      maxTokens: 2000,
      temperature: 0.5,
      stop: ['END'],
      tools: [{ name: 'f', description: 'F', parameters: { type: 'object', properties: {} } }],
      toolChoice: { name: 'f' },
    })
    expect(seen).toMatchObject({
      dialect,
      model: targets[dialect]!.model,
      call: 0,
      stream: false,
      system: 'Be kind.',
      prompt: 'What?',
      toolResults: [],
      tools: [{ name: 'f', description: 'F' }],
      settings: { maxTokens: 2000, temperature: 0.5, ...(told[dialect] ?? usual) },
    })
    expect(seen?.turns.map(({ role, text }) => [role, text])).toEqual([
      ['user', 'Look'],
      ['assistant', 'I see.'],
      ['user', 'What?'],
    ])
    const mediaType = lacks[dialect]?.includes('mediaType') === true ? undefined : 'image/png'
    expect(seen?.turns[0]?.media).toEqual([{ type: 'image', mediaType, data: 'aGk=', url: undefined }])
  })

  test('usage is estimated, given in part, or left out', async () => {
    const usageOf = async (reply: FakeReply) => (await ask({ text: 'one two three', ...reply }).call()).usage
    const estimated = await usageOf({})
    expect(estimated.inputTokens).toBeGreaterThan(0)
    expect(estimated.outputTokens).toBeGreaterThan(0)
    expect(estimated.estimated).toBeUndefined()
    expect(await usageOf({ usage: { inputTokens: 500 } })).toMatchObject({
      inputTokens: 500,
      outputTokens: estimated.outputTokens,
    })
    expect(await usageOf({ usage: false })).toMatchObject({ estimated: true })
  })

  test('a failure of the function is told, not retried', async () => {
    const { call } = ask(() => {
      throw new Error('expected a tool')
    })
    await expect(call()).rejects.toMatchObject({
      kind: 'invalid-request',
      message: /the script failed: expected a tool/,
    })
  })

  test.each([
    [{ txt: 'Hello' }, 'fake provider: script.txt is not an option; did you mean "text"?'],
    [['a', { chunk: 3 }], 'fake provider: script.1.chunk is not an option; did you mean "chunks"?'],
    [{ text: 'a', chunks: 0 }, 'fake provider: script.chunks must be a whole number of 1 or more'],
    [7, 'fake provider: script must be text, or a reply such as { text: "Hello" }; got 7'],
  ])('%j is refused where it is written', async (given, problem) => {
    const wrong = given as unknown as FakeScript
    for (const use of [() => script(wrong), () => fakeFetch(wrong)]) expect(use).toThrow(problem)
    await expect(createFakeProvider({ script: wrong })).rejects.toSatisfy((e) =>
      LlmError.is(e, 'misconfigured'),
    )
    await expect(ask(() => wrong as never).call()).rejects.toThrow(/the script/)
  })

  test('what a format cannot carry is refused', async () => {
    const { call } = ask({ files: [{ mediaType: 'image/png', data: 'aGk=' }] }, 'anthropic-messages')
    await expect(call()).rejects.toThrow('has no generated files')
  })
})

describe('the fake provider', () => {
  test('names what it speaks', async () => {
    await using provider = await createFakeProvider()
    expect(() => provider.baseUrl('morse')).toThrow('anthropic-messages, gemini, openai-chat')
    expect(provider.baseUrl('openai-chat')).toBe(`${provider.url}/openai/v1`)
  })

  test('lists models in each format', async () => {
    await using provider = await createFakeProvider({ models: ['one'] })
    const list = async (dialect: string) =>
      (await fetch(`${provider.baseUrl(dialect)}/models`, { headers: { authorization: 'Bearer k' } })).json()
    expect(await list('openai-chat')).toMatchObject({
      object: 'list',
      data: [{ id: 'one', object: 'model' }],
    })
    expect(await list('anthropic-messages')).toMatchObject({
      data: [{ id: 'one', type: 'model' }],
      has_more: false,
    })
    expect(await list('gemini')).toMatchObject({ models: [{ name: 'models/one' }] })
  })
})

describe('mswHandlers', () => {
  test('says what to install where msw is missing', async () => {
    vi.doMock('msw', () => {
      throw new Error('Cannot find package')
    })
    await expect(mswHandlers('Hello')).rejects.toMatchObject({
      kind: 'misconfigured',
      message: /npm install --save-dev msw/,
    })
    vi.doUnmock('msw')
  })

  test('takes an injected msw and own base URLs, and leaves other paths alone', async () => {
    const { http, getResponse } = await import('msw')
    const msw: Msw = { http }
    const handlers = await mswHandlers('Hello', { msw, baseUrls: ['https://llm.example/v1/'] })
    const post = (url: string) =>
      getResponse(
        handlers,
        new Request(url, {
          method: 'POST',
          headers: { authorization: 'Bearer k' },
          body: JSON.stringify({ model: 'm', messages }),
        }),
      )
    expect(await (await post('https://llm.example/v1/chat/completions'))?.json()).toMatchObject({
      object: 'chat.completion',
    })
    expect((await post('https://api.groq.com/openai/v1/chat/completions'))?.status).toBe(200)
    expect(await post('https://llm.example/v1/other')).toBeUndefined()
  })
})
