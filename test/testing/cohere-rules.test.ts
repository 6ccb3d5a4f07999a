import { fakeFetch, type FakeOptions } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'

type Body = Record<string, unknown>

const user = { role: 'user', content: 'Hi' }
const tool = { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }
const call = (id: string): Body => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } })
const calling = (...ids: string[]): Body => ({ role: 'assistant', tool_calls: ids.map(call) })
const result = (id: string): Body => ({ role: 'tool', tool_call_id: id, content: 'x' })

async function send(more: Body, options?: FakeOptions) {
  const fetch = fakeFetch('ok', options)
  const headers = { authorization: 'Bearer k' }
  const body = JSON.stringify({ model: 'm', messages: [user], ...more })
  const reply = await fetch('https://any.test/v2/chat', { method: 'POST', headers, body })
  const { message } = (await reply.json()) as { message: string }
  return { status: reply.status, message, request: fetch.log[0]?.request }
}

describe('cohere refuses what the vendor refuses', () => {
  test.each<readonly [string, Body]>([
    ['frobnicate', { frobnicate: 1 }],
    ['model', { model: undefined }],
    ['messages', { messages: [] }],
    ['messages.0.role', { messages: [{ role: 'developer', content: 'Hi' }] }],
    ['messages.0.content', { messages: [{ role: 'user', content: '' }] }],
    ['messages.0.content', { messages: [{ role: 'user', content: [] }] }],
    ['messages.1.content', { messages: [user, { role: 'assistant' }] }],
    ['messages.0.content.0.type', { messages: [{ role: 'user', content: [{ type: 'file' }] }] }],
    [
      'messages.0.content.0.type',
      { messages: [{ role: 'user', content: [{ type: 'thinking', thinking: 'x' }] }] },
    ],
    ['messages.1.tool_call_id', { messages: [user, result('a')] }],
    ['messages.2.role', { messages: [user, calling('a'), user] }],
    ['messages', { messages: [user, calling('a')] }],
    ['messages.1.tool_calls.1.id', { messages: [user, calling('a', 'a'), result('a')] }],
    ['temperature', { temperature: 1.1 }],
    ['p', { p: 1 }],
    ['k', { k: 501 }],
    ['seed', { seed: -1 }],
    ['frequency_penalty', { frequency_penalty: -1 }],
    ['stop_sequences', { stop_sequences: ['1', '2', '3', '4', '5', '6'] }],
    ['tool_choice', { tool_choice: 'REQUIRED' }],
    ['tool_choice', { tools: [tool], tool_choice: 'auto' }],
    ['tools.0.function.name', { tools: [{ type: 'function', function: { name: 'a-b', parameters: {} } }] }],
    ['tools.0.function.parameters', { tools: [{ type: 'function', function: { name: 'a' } }] }],
    ['response_format', { tools: [tool], response_format: { type: 'json_object' } }],
    ['response_format.type', { response_format: { type: 'json_schema' } }],
    ['thinking.token_budget', { thinking: { type: 'enabled', token_budget: 0 } }],
  ])('%s: %j', async (where, more) => {
    const { status, message } = await send(more)
    expect(status).toBe(400)
    expect(message).toContain(` ${where} `)
  })

  test.each<Body>([
    { temperature: 1, p: 0.99, k: 0, seed: 7, stop_sequences: ['END'], max_tokens: 5, logprobs: true },
    { messages: [{ role: 'system', content: 'Be kind.' }, user, { role: 'assistant', content: 'Ho' }, user] },
    { messages: [user, calling('a', 'b'), result('b'), result('a')], tools: [tool], tool_choice: 'NONE' },
    { thinking: { type: 'enabled', token_budget: 500 } },
    { response_format: { type: 'json_object', json_schema: { type: 'object' } } },
  ])('takes %j', async (more) => {
    expect(await send(more)).toMatchObject({ status: 200 })
  })

  test('unknown fields may be passed over', async () => {
    expect(await send({ frobnicate: 1 }, { unknownFields: 'ignore' })).toMatchObject({ status: 200 })
  })

  test('what the request holds is read', async () => {
    const content = [
      { type: 'text', text: 'See' },
      { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
    ]
    const messages = [
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content },
    ]
    expect((await send({ messages })).request).toMatchObject({
      dialect: 'cohere',
      system: 'Be kind.',
      prompt: 'See',
      turns: [{ media: [{ type: 'image', url: 'https://example.com/a.png' }] }],
    })
  })
})
