import { EventStreamCodec } from '@smithy/eventstream-codec'
import { fromUtf8, toUtf8 } from '@smithy/util-utf8'
import { createOrchestrator } from 'llm-switchyard'
import { fakeFetch, type FakeOptions } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'

type Body = Record<string, unknown>

const CLAUDE = 'us.anthropic.claude-haiku-4-5-20251001-v1:0'
const turn = (role: string, ...content: unknown[]): Body => ({ role, content })
const user = turn('user', { text: 'Hi' })
const use = (id: string): Body => ({ toolUse: { toolUseId: id, name: 'f', input: {} } })
const result = (id: string): Body => ({ toolResult: { toolUseId: id, content: [{ text: 'x' }] } })
const thought = (signature: string): Body => ({
  reasoningContent: { reasoningText: { text: 'hm', signature } },
})
const file = (name: string): Body => ({ document: { format: 'pdf', name, source: { bytes: 'aGk=' } } })
const spec = { name: 'f', inputSchema: { json: { type: 'object' } } }
const toolConfig = { tools: [{ toolSpec: spec }] }
const thinking = { thinking: { type: 'enabled', budget_tokens: 2000 } }
const schema = { type: 'json_schema', structure: { jsonSchema: { schema: '{"type":"object"}' } } }

async function send(more: Body, { model = CLAUDE, ...options }: FakeOptions & { model?: string } = {}) {
  const fetch = fakeFetch('ok', options)
  const url = `https://any.test/model/${encodeURIComponent(model)}/converse`
  const body = JSON.stringify({ messages: [user], ...more })
  const reply = await fetch(url, { method: 'POST', headers: { authorization: 'Bearer k' }, body })
  const { message } = (await reply.json()) as { message?: string }
  const type = reply.headers.get('x-amzn-errortype')
  return { status: reply.status, type, message, request: fetch.log[0]?.request }
}

describe('bedrock-converse refuses what the vendor refuses', () => {
  test.each<readonly [string, Body]>([
    ['frobnicate', { frobnicate: 1 }],
    ['top_k', { inferenceConfig: { top_k: 1 } }],
    ['messages', { messages: undefined }],
    ['messages', { messages: [] }],
    ['messages.0.role', { messages: [turn('system', { text: 'Hi' })] }],
    ['messages.0.role', { messages: [turn('assistant', { text: 'Hi' }), user] }],
    ['messages.1.role', { messages: [user, user] }],
    ['messages.0.content', { messages: [turn('user')] }],
    ['messages.0.content', { messages: [{ role: 'user', content: 'Hi' }] }],
    ['messages.0.content.0.text', { messages: [turn('user', { text: ' \n' })] }],
    ['messages.0.content.0.toolUse', { messages: [turn('user', use('a'))] }],
    ['messages.0.content.0.text', { messages: [turn('user', { text: 'a', ...file('b') })] }],
    ['messages.1.content', { messages: [user, turn('assistant', { text: 'So ' })] }],
    [
      'messages.0.content.0.image.format',
      { messages: [turn('user', { image: { format: 'tiff', source: { bytes: '' } } })] },
    ],
    [
      'messages.0.content.0.image.source.bytes',
      { messages: [turn('user', { image: { format: 'png', source: {} } })] },
    ],
    ['messages.0.content', { messages: [turn('user', file('a'))] }],
    ['messages.0.content.1.document.name', { messages: [turn('user', { text: 'x' }, file('a.pdf'))] }],
    ['messages.0.content.2.document.name', { messages: [turn('user', { text: 'x' }, file('a'), file('a'))] }],
    ['toolConfig', { messages: [user, turn('assistant', use('a')), turn('user', result('a'))] }],
    ['messages.2.content', { toolConfig, messages: [user, turn('assistant', use('a')), user] }],
    ['messages.1.content', { toolConfig, messages: [user, turn('assistant', use('a'))] }],
    ['messages.0.content', { toolConfig, messages: [turn('user', result('a'))] }],
    [
      'messages.2.content',
      { toolConfig, messages: [user, turn('assistant', use('a')), turn('user', result('a'), result('a'))] },
    ],
    [
      'messages.1.content.0.toolUse.toolUseId',
      { toolConfig, messages: [user, turn('assistant', use('a.b')), turn('user', result('a.b'))] },
    ],
    [
      'messages.1.content.0.toolUse.input',
      {
        toolConfig,
        messages: [user, turn('assistant', { toolUse: { toolUseId: 'a', name: 'f', input: '{}' } }), user],
      },
    ],
    [
      'messages.1.content.0.reasoningContent.reasoningText.signature',
      { messages: [user, turn('assistant', thought('')), user] },
    ],
    [
      'messages.1.content.0.reasoningContent.reasoningText.signature',
      { messages: [user, turn('assistant', thought('fake-signature-0')), user] },
    ],
    ['inferenceConfig.maxTokens', { inferenceConfig: { maxTokens: 0 } }],
    ['inferenceConfig.temperature', { inferenceConfig: { temperature: 1.1 } }],
    ['inferenceConfig.temperature', { inferenceConfig: { temperature: 0.5, topP: 0.5 } }],
    ['inferenceConfig.stopSequences', { inferenceConfig: { stopSequences: [''] } }],
    ['toolConfig.tools', { toolConfig: { tools: [] } }],
    ['toolConfig.tools.0.toolSpec.name', { toolConfig: { tools: [{ toolSpec: { ...spec, name: 'a b' } }] } }],
    [
      'toolConfig.tools.0.toolSpec.description',
      { toolConfig: { tools: [{ toolSpec: { ...spec, description: '' } }] } },
    ],
    [
      'toolConfig.tools.0.toolSpec.inputSchema.json.type',
      { toolConfig: { tools: [{ toolSpec: { ...spec, inputSchema: { json: {} } } }] } },
    ],
    [
      'toolConfig.toolChoice.tool.name',
      { toolConfig: { ...toolConfig, toolChoice: { tool: { name: 'g' } } } },
    ],
    [
      'additionalModelRequestFields.thinking.budget_tokens',
      { additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 5 } } },
    ],
    [
      'additionalModelRequestFields.thinking.budget_tokens',
      { additionalModelRequestFields: thinking, inferenceConfig: { maxTokens: 2000 } },
    ],
    [
      'inferenceConfig.temperature',
      { additionalModelRequestFields: thinking, inferenceConfig: { temperature: 0.5 } },
    ],
    ['inferenceConfig.topP', { additionalModelRequestFields: thinking, inferenceConfig: { topP: 0.5 } }],
    ['additionalModelRequestFields.top_k', { additionalModelRequestFields: { ...thinking, top_k: 5 } }],
    [
      'toolConfig.toolChoice',
      { additionalModelRequestFields: thinking, toolConfig: { ...toolConfig, toolChoice: { any: {} } } },
    ],
    [
      'messages.1.content.0.reasoningContent',
      {
        additionalModelRequestFields: thinking,
        toolConfig,
        messages: [user, turn('assistant', use('a')), turn('user', result('a'))],
      },
    ],
    [
      'outputConfig.textFormat.structure.jsonSchema.schema',
      { outputConfig: { textFormat: { type: 'json_schema' } } },
    ],
  ])('%s: %j', async (where, more) => {
    const { status, type, message } = await send(more)
    expect([status, type]).toEqual([400, 'ValidationException'])
    expect(message).toContain(` ${where} is`)
  })

  test.each<Body>([
    { system: [{ text: 'Be kind.' }, { cachePoint: { type: 'default' } }], inferenceConfig: {} },
    { messages: [user, turn('assistant', { text: 'So' })] },
    {
      toolConfig: { ...toolConfig, toolChoice: { auto: {} } },
      messages: [user, turn('assistant', use('a'), use('b')), turn('user', result('b'), result('a'))],
    },
    {
      additionalModelRequestFields: thinking,
      toolConfig,
      messages: [user, turn('assistant', thought('theirs'), use('a')), turn('user', result('a'))],
    },
    { messages: [turn('user', { text: 'x' }, file('a'), file('b'))] },
    { outputConfig: { textFormat: schema }, requestMetadata: { a: 'b' } },
  ])('takes %j', async (more) => {
    expect(await send(more)).toMatchObject({ status: 200 })
  })

  test('some models take what others refuse', async () => {
    expect((await send({ messages: [user, user] }, { model: 'amazon.titan-text-lite-v1' })).status).toBe(200)
    const unsigned = { messages: [user, turn('assistant', thought('')), user] }
    expect((await send(unsigned, { model: 'openai.gpt-oss-20b-1:0' })).status).toBe(200)
  })

  test('unknown fields may be passed over', async () => {
    expect(await send({ frobnicate: 1 }, { unknownFields: 'ignore' })).toMatchObject({ status: 200 })
  })

  test('what the request holds is read', async () => {
    const { request } = await send({
      system: [{ text: 'Be kind.' }],
      messages: [turn('user', { text: 'See' }, file('a'))],
      inferenceConfig: { maxTokens: 3000 },
      additionalModelRequestFields: {
        ...thinking,
        tool_choice: { type: 'any', disable_parallel_tool_use: true },
      },
      outputConfig: { textFormat: schema },
      toolConfig,
    })
    expect(request).toMatchObject({
      model: CLAUDE,
      system: 'Be kind.',
      prompt: 'See',
      stream: false,
      turns: [{ media: [{ type: 'file', mediaType: 'application/pdf', data: 'aGk=' }] }],
      settings: {
        maxTokens: 3000,
        reasoning: { budgetTokens: 2000 },
        toolChoice: 'required',
        parallelToolCalls: false,
        responseFormat: { type: 'json', schema: { type: 'object' } },
      },
    })
  })
})

test("every frame is one of the vendor's codec, and an exception too", async () => {
  const codec = new EventStreamCodec(toUtf8, fromUtf8)
  const fetch = fakeFetch({ text: 'Hi 👋', chaos: { type: 'error', at: 'finish', error: 'overloaded' } })
  const reply = await fetch('https://any.test/model/m/converse-stream', {
    method: 'POST',
    headers: { authorization: 'Bearer k' },
    body: JSON.stringify({ messages: [user] }),
  })
  expect(reply.headers.get('content-type')).toBe('application/vnd.amazon.eventstream')
  const bytes = Buffer.from(await reply.arrayBuffer())
  const told: unknown[] = []
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) {
    const { headers, body } = codec.decode(bytes.subarray(at, at + bytes.readUInt32BE(at)))
    const type = headers[':event-type'] ?? headers[':exception-type']
    told.push([headers[':message-type']?.value, type?.value, JSON.parse(toUtf8(body))])
  }
  expect(told).toEqual([
    ['event', 'messageStart', { role: 'assistant' }],
    ['event', 'contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Hi' } }],
    ['event', 'contentBlockDelta', { contentBlockIndex: 0, delta: { text: ' 👋' } }],
    ['event', 'contentBlockStop', { contentBlockIndex: 0 }],
    ['exception', 'serviceUnavailableException', { message: 'Bedrock is unable to process your request.' }],
  ])
})

test('a signed request is known by its access key id', async () => {
  const fetch = fakeFetch('ok', { keys: ['AKIDRIGHT'] })
  await using orchestrator = createOrchestrator({ fetch })
  const ask = (accessKeyId: string): Promise<unknown> =>
    orchestrator.chatApiCall({
      provider: 'bedrock',
      model: CLAUDE,
      credentials: { accessKeyId, secretAccessKey: 'secret' },
      messages: [{ role: 'user', content: 'Hi' }],
    })
  expect(await ask('AKIDRIGHT')).toMatchObject({ text: 'ok' })
  await expect(ask('AKIDWRONG')).rejects.toMatchObject({ kind: 'unauthorized' })
  const bare = await fetch('https://any.test/model/m/converse', { method: 'POST', body: '{}' })
  expect([bare.status, bare.headers.get('x-amzn-errortype')]).toEqual([
    403,
    'MissingAuthenticationTokenException',
  ])
})
