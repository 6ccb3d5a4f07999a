import { fakeFetch, type FakeOptions, type FakeScript } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'

type Body = Record<string, unknown>
interface Reply {
  readonly error?: { readonly message: string; readonly param: string; readonly code: string }
  readonly output?: readonly Body[]
}

const user = { role: 'user', content: 'Hi' }
const tool = { type: 'function', name: 'f', parameters: { type: 'object', properties: {} }, strict: false }
const call = (id: string, name = 'f'): Body => ({ type: 'function_call', call_id: id, name, arguments: '{}' })
const output = (id: string): Body => ({ type: 'function_call_output', call_id: id, output: 'x' })
const open = { type: 'object', properties: { a: { type: 'string' } } }

async function send(more: Body, options?: FakeOptions, script: FakeScript = 'ok') {
  const fetch = fakeFetch(script, options)
  const headers = { authorization: 'Bearer k' }
  const body = JSON.stringify({ model: 'm', input: [user], ...more })
  const reply = await fetch('https://any.test/v1/responses', { method: 'POST', headers, body })
  const { error, output: items } = (await reply.json()) as Reply
  return { status: reply.status, error, items, request: fetch.log[0]?.request }
}

describe('openai-responses refuses what the vendor refuses', () => {
  test.each<readonly [string, Body]>([
    ['frobnicate', { frobnicate: 1 }],
    ['stop', { stop: ['a'] }],
    ['model', { model: undefined }],
    ['input', { input: undefined }],
    ['input', { input: [] }],
    ['input.0.type', { input: [{ type: 'robot' }] }],
    ['input.0.role', { input: [{ role: 'robot', content: 'Hi' }] }],
    ['input.0.content', { input: [{ role: 'user' }] }],
    ['input.0.content.0.type', { input: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }] }],
    [
      'input.0.content.0.type',
      { input: [{ role: 'assistant', content: [{ type: 'input_text', text: 'x' }] }] },
    ],
    ['input', { input: [user, call('a')] }],
    ['input.1.call_id', { input: [user, output('a')] }],
    ['input.1.call_id', { input: [user, call('x'.repeat(65)), output('x')] }],
    ['input.1.arguments', { input: [user, { ...call('a'), arguments: {} }, output('a')] }],
    ['input.1.summary', { input: [user, { type: 'reasoning', encrypted_content: 'E' }, user] }],
    ['input.1.type', { input: [user, { type: 'reasoning', summary: [], encrypted_content: 'E' }] }],
    ['input.1.type', { input: [user, { type: 'reasoning', summary: [], encrypted_content: 'E' }, user] }],
    [
      'input.1.encrypted_content',
      {
        input: [
          user,
          { type: 'reasoning', summary: [], encrypted_content: 'fake-signature-1' },
          call('a'),
          output('a'),
        ],
      },
    ],
    ['max_output_tokens', { max_output_tokens: 15 }],
    ['temperature', { temperature: 2.5 }],
    ['temperature', { model: 'gpt-5-mini', temperature: 1 }],
    ['top_p', { model: 'o3', top_p: 1 }],
    ['include', { include: ['everything'] }],
    ['include', { model: 'gpt-4o-mini', include: ['reasoning.encrypted_content'] }],
    ['reasoning.effort', { model: 'gpt-4.1', reasoning: { effort: 'low' } }],
    ['reasoning.effort', { reasoning: { effort: 'hard' } }],
    ['top_logprobs', { top_logprobs: 21 }],
    ['tool_choice', { tool_choice: 'required' }],
    ['tool_choice.name', { tools: [tool], tool_choice: { type: 'function', name: 'g' } }],
    ['tools.0.name', { tools: [{ ...tool, name: 'a b' }] }],
    ['tools.0.parameters.required', { tools: [{ ...tool, parameters: open, strict: true }] }],
    [
      'tools.0.parameters.additionalProperties',
      { tools: [{ ...tool, parameters: { ...open, required: ['a'] }, strict: true }] },
    ],
    ['text.format.name', { text: { format: { type: 'json_schema', schema: open } } }],
    ['text.format.schema', { text: { format: { type: 'json_schema', name: 'a' } } }],
    ['input', { text: { format: { type: 'json_object' } } }],
    ['stream_options', { stream_options: { include_obfuscation: false } }],
    ['metadata', { metadata: { a: 1 } }],
  ])('%s: %j', async (where, more) => {
    const { status, error } = await send(more)
    expect(status).toBe(400)
    expect(error).toMatchObject({ type: 'invalid_request_error', param: where })
  })

  test('an item that is known by its id only: nothing is kept', async () => {
    const { status } = await send({
      input: [user, { type: 'reasoning', id: 'rs_1', summary: [] }, call('a'), output('a')],
    })
    expect(status).toBe(404)
  })

  test.each<Body>([
    { input: 'Hi' },
    {
      input: [{ type: 'message', ...user }, { role: 'assistant', content: 'Ho' }, user],
      instructions: 'Be kind.',
    },
    { input: [user, call('a'), call('b'), output('b'), output('a')], tools: [tool], tool_choice: 'auto' },
    { input: [user, { type: 'reasoning', summary: [], encrypted_content: 'E' }, call('a'), output('a')] },
    { input: [user, { type: 'item_reference', id: 'msg_1' }, user] },
    {
      model: 'gpt-5-mini',
      reasoning: { effort: 'low', summary: 'auto' },
      store: false,
      max_output_tokens: 16,
    },
    { input: 'Give JSON', text: { format: { type: 'json_object' } }, metadata: { a: 'b' }, user: 'u' },
    { tools: [{ type: 'web_search' }], tool_choice: { type: 'web_search' } },
  ])('takes %j', async (more) => {
    expect(await send(more)).toMatchObject({ status: 200, error: null })
  })

  test('unknown fields may be passed over', async () => {
    expect(await send({ frobnicate: 1 }, { unknownFields: 'ignore' })).toMatchObject({ status: 200 })
  })
})

describe('openai-responses answers', () => {
  test('reasoning is sealed where the request asks for it', async () => {
    const script = { reasoning: { text: 'Hm.', encrypted: 'E' }, text: 'Yes.' }
    const asked = await send({ include: ['reasoning.encrypted_content'] }, {}, script)
    expect(asked.items?.[0]).toMatchObject({ type: 'reasoning', encrypted_content: 'E' })
    expect((await send({}, {}, script)).items?.[0]).not.toHaveProperty('encrypted_content')
  })

  test('what the request holds is read', async () => {
    const content = [
      { type: 'input_text', text: 'See' },
      { type: 'input_image', image_url: 'data:image/png;base64,aA==' },
      { type: 'input_file', file_url: 'https://example.com/a.pdf' },
    ]
    const { request } = await send({ instructions: 'Be kind.', input: [{ role: 'user', content }] })
    expect(request).toMatchObject({
      dialect: 'openai-responses',
      system: 'Be kind.',
      prompt: 'See',
      turns: [
        {
          media: [
            { type: 'image', mediaType: 'image/png', data: 'aA==' },
            { type: 'file', url: 'https://example.com/a.pdf' },
          ],
        },
      ],
    })
  })
})
