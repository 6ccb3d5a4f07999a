import { createOrchestrator, LlmError } from 'llm-switchyard'
import { createFakeProvider, fakeFetch } from 'llm-switchyard/testing'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'

const dot = (one: readonly number[] = [], other: readonly number[] = []): number =>
  one.reduce((sum, value, index) => sum + value * (other[index] ?? 0), 0)

describe('the fake gives vectors', () => {
  test('of length 1, equal for equal texts, and says what was used', async () => {
    await using orchestrator = createOrchestrator({ fetch: fakeFetch('unused') })
    const input = ['one text', 'another', 'one text']
    const request = { model: 'openai/text-embedding-3-small', apiKey: 'key', input, dimensions: 5 }
    const { embeddings, usage } = await orchestrator.embed(request)
    expect(embeddings.map((vector) => vector.length)).toEqual([5, 5, 5])
    expect(dot(embeddings[0], embeddings[0])).toBeCloseTo(1)
    expect(embeddings[2]).toEqual(embeddings[0])
    expect(embeddings[1]).not.toEqual(embeddings[0])
    expect(usage.inputTokens).toBeGreaterThan(0)
  })

  test('to the official client, which asks for base64 by itself', async () => {
    await using fake = await createFakeProvider({ script: 'unused' })
    const client = new OpenAI({ apiKey: 'key', baseURL: fake.baseUrl('openai-chat') })
    const unsaid = await client.embeddings.create({ model: 'any', input: 'text' })
    const floats = await client.embeddings.create({ model: 'any', input: 'text', encoding_format: 'float' })
    expect(unsaid.data[0]?.embedding).toEqual(floats.data[0]?.embedding)
    expect(fake.log.at(-1)?.body).toMatchObject({ input: 'text', encoding_format: 'float' })
  })

  test.each([
    [{ input: [] }, /input/],
    [{ input: '' }, /input/],
    [{ input: 'a', dimensions: 0 }, /dimensions/],
  ])('and refuses %j as the vendor does', async (wrong, words) => {
    await using fake = await createFakeProvider({ script: 'unused' })
    const reply = await fetch(`${fake.baseUrl('openai-chat')}/embeddings`, {
      method: 'POST',
      headers: { authorization: 'Bearer key', 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'any', ...wrong }),
    })
    expect([reply.status, words.test(await reply.text())]).toEqual([400, true])
  })

  test('and asks for a key', async () => {
    await using orchestrator = createOrchestrator({ fetch: fakeFetch('unused', { keys: ['right'] }) })
    const error: unknown = await orchestrator
      .embed({ model: 'openai/any', apiKey: 'wrong', input: 'text' })
      .catch((caught: unknown) => caught)
    expect(LlmError.is(error, 'unauthorized')).toBe(true)
  })
})
