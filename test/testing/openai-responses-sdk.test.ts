import OpenAI from 'openai'
import { createFakeProvider, script } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'

/** The vendor's own client, held against the fake: it reads what it gets more strictly than we do. */
async function start(...replies: Parameters<typeof script>) {
  const fake = await createFakeProvider({ script: script(...replies) })
  const client = new OpenAI({ apiKey: 'k', baseURL: fake.baseUrl('openai-responses'), maxRetries: 0 })
  return { fake, client }
}

const answer = {
  text: 'It rains in Oslo.',
  reasoning: 'Look first.',
  toolCalls: [{ name: 'look', arguments: { at: 'sky' } }],
  citations: [{ url: 'https://example.com', title: 'E', start: 0, end: 2 }],
}

describe('the responses of the OpenAI SDK', () => {
  test('whole', async () => {
    const { fake, client } = await start(answer)
    await using _fake = fake
    const response = await client.responses.create({ model: 'gpt-5-mini', input: 'Weather?', store: false })
    expect(response).toMatchObject({ status: 'completed', output_text: 'It rains in Oslo.' })
    expect(response.output.map(({ type }) => type)).toEqual(['reasoning', 'message', 'function_call'])
  })

  test('streamed, put together by its helper', async () => {
    const { fake, client } = await start(answer)
    await using _fake = fake
    const stream = client.responses.stream({ model: 'gpt-5-mini', input: 'Weather?' })
    const types = new Set<string>()
    for await (const { type } of stream) types.add(type)
    const final = await stream.finalResponse()
    expect(final.output_text).toBe('It rains in Oslo.')
    expect(final.output.at(-1)).toMatchObject({ type: 'function_call', arguments: '{"at":"sky"}' })
    expect([...types]).toContain('response.reasoning_summary_text.delta')
  })

  test('chat completions in the same place', async () => {
    const { fake, client } = await start('Hello')
    await using _fake = fake
    const completion = await client.chat.completions.create({
      model: 'gpt-4.1-mini',
      messages: [{ role: 'user', content: 'Hi' }],
    })
    expect(completion.choices[0]?.message.content).toBe('Hello')
  })

  test('an error', async () => {
    const { fake, client } = await start({ error: 'rate-limited' })
    await using _fake = fake
    await expect(client.responses.create({ model: 'm', input: 'Hi' })).rejects.toMatchObject({ status: 429 })
  })
})
