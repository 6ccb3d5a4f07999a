import { chatApiCall, type ChatRequest } from 'llm-switchyard'
import { expect, test } from 'vitest'
import { readMessagesBody } from '../../src/protocols/anthropic-messages/read-body.ts'
import { JsonReader } from '../../src/protocols/json-reader.ts'
import { readChatBody } from '../../src/protocols/openai-chat/read-body.ts'

const context = { params: {}, originOf: () => undefined }
const mark = { cache_control: { type: 'ephemeral', ttl: '1h' } }

/** What goes on to a provider of a body that a client sent. */
async function passedOn(request: object): Promise<string> {
  let sent = ''
  await chatApiCall({
    ...(request as ChatRequest),
    model: 'anthropic/claude-sonnet-4-5',
    apiKey: 'k',
    fetch: (_url, init) => {
      if (typeof init?.body === 'string') sent = init.body
      return Promise.resolve(Response.json({}))
    },
  }).catch(() => undefined)
  return sent
}
const marksIn = (text: string): number =>
  text.split('"cache_control":{"type":"ephemeral","ttl":"1h"}').length - 1

test('marks of a client of the messages format go on: system, text, result, tool', async () => {
  const body = new JsonReader({
    model: 'm',
    max_tokens: 9,
    system: [{ type: 'text', text: 'Be brief.', ...mark }],
    tools: [{ name: 't', input_schema: { type: 'object' }, ...mark }],
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'go', ...mark }] },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'c', name: 't', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c', content: 'seen', ...mark }] },
    ],
  })
  const { request } = readMessagesBody(body, context)
  body.check()
  expect(marksIn(await passedOn(request))).toBe(4)
})

test('marks of a client of chat completions go on: system, text, tool', async () => {
  const body = new JsonReader({
    model: 'm',
    tools: [{ type: 'function', function: { name: 't' }, ...mark }],
    messages: [
      { role: 'system', content: [{ type: 'text', text: 'Be brief.', ...mark }] },
      { role: 'user', content: [{ type: 'text', text: 'go', ...mark }] },
    ],
  })
  const { request } = readChatBody(body, context)
  body.check()
  expect(marksIn(await passedOn(request))).toBe(3)
})

test('the key of a client of chat completions is the key of the cache; without a key there is none', () => {
  const user = [{ role: 'user', content: 'hi' }]
  const keyed = new JsonReader({ model: 'm', messages: user, prompt_cache_key: 'k1' })
  expect(readChatBody(keyed, context).request.cache).toEqual({ auto: false, key: 'k1' })
  const plain = new JsonReader({ model: 'm', messages: user })
  expect(readChatBody(plain, context).request.cache).toBeUndefined()
})
