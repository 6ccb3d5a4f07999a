import { chatApiCall } from 'llm-switchyard'
import { describe, expect, test } from 'vitest'
import type { AssistantMessage, Message, ToolMessage, UserPart } from '../../src/core/message.ts'
import { openaiResponses, type OpenAIResponsesQuirks } from '../../src/dialects/openai-responses/index.ts'
import { renderWith } from './sent.ts'

const origin = 'openai-responses'
const user = (content: string | readonly UserPart[], name?: string): Message => ({
  role: 'user',
  content,
  name,
})
const assistant = (content: AssistantMessage['content']): Message => ({ role: 'assistant', content })
const call = (id: string, args: unknown = { at: 'x' }) =>
  ({ type: 'tool-call', id, name: 'look', arguments: args as string }) as const
const result = (toolCallId: string, content: ToolMessage['content'], isError?: boolean): Message => ({
  role: 'tool',
  toolCallId,
  content,
  isError,
})
const itemsOf = (messages: readonly Message[], quirks?: OpenAIResponsesQuirks): unknown =>
  renderWith(openaiResponses, messages, quirks).body['input']

describe('turns', () => {
  test.each<readonly [string, readonly Message[], readonly unknown[]]>([
    [
      'instructions stay where they are',
      [{ role: 'system', content: 'Be brief.' }, user('hi'), { role: 'developer', content: 'In verse.' }],
      [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'hi' },
        { role: 'system', content: 'In verse.' },
      ],
    ],
    [
      'an answer as text',
      [user('hi'), assistant('Hello.')],
      [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: 'Hello.' },
      ],
    ],
    ['an empty answer is none', [user('hi'), assistant('')], [{ role: 'user', content: 'hi' }]],
    [
      'calls and results',
      [
        user('hi'),
        assistant([{ type: 'text', text: 'Well.' }, call('c1'), call('c2', {})]),
        result('c1', 'A'),
        result('c2', 'B', true),
      ],
      [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: 'Well.' },
        { type: 'function_call', call_id: 'c1', name: 'look', arguments: '{"at":"x"}' },
        { type: 'function_call', call_id: 'c2', name: 'look', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c1', output: 'A' },
        { type: 'function_call_output', call_id: 'c2', output: 'Error: B' },
      ],
    ],
    [
      'arguments that were no JSON go back as they came',
      [assistant([{ ...call('c1', '{"at":'), invalid: 'cut' }]), result('c1', 'A')],
      [
        { type: 'function_call', call_id: 'c1', name: 'look', arguments: '{"at":' },
        { type: 'function_call_output', call_id: 'c1', output: 'A' },
      ],
    ],
  ])('%s', (_name, messages, items) => {
    expect(itemsOf(messages)).toEqual(items)
  })

  test('the role of instructions is the quirk’s', () => {
    const messages: Message[] = [{ role: 'system', content: 'Be brief.' }, user('hi')]
    expect(itemsOf(messages, { systemRole: 'developer' })).toMatchObject([{ role: 'developer' }, {}])
  })

  test('ids that the format does not take are made new, in call and result alike', () => {
    const id = 'functions.look:0'
    const items = itemsOf([assistant([call(id)]), result(id, 'A')]) as { call_id: string }[]
    expect(items[0]?.call_id).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
    expect(items[1]?.call_id).toBe(items[0]?.call_id)
  })

  test('names are lost, and it is said once', () => {
    const { body, warnings } = renderWith(openaiResponses, [user('hi', 'ann'), user('ho', 'bo')])
    expect(JSON.stringify(body)).not.toContain('"name"')
    expect(warnings).toEqual([expect.stringContaining('names')])
  })

  test('files that a model made are lost, and it is said', () => {
    const turn = assistant([
      { type: 'file', data: 'aA==', mediaType: 'image/png' },
      { type: 'text', text: 'Here.' },
    ])
    const { body, warnings } = renderWith(openaiResponses, [user('hi'), turn])
    expect(body['input']).toEqual([
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: 'Here.' },
    ])
    expect(warnings).toEqual([expect.stringContaining('files')])
  })
})

describe('parts', () => {
  test.each<readonly [UserPart, unknown]>([
    [
      { type: 'text', text: 'hi' },
      { type: 'input_text', text: 'hi' },
    ],
    [
      { type: 'image', url: 'https://example.com/a.png', detail: 'low' },
      { type: 'input_image', image_url: 'https://example.com/a.png', detail: 'low' },
    ],
    [
      { type: 'image', data: Uint8Array.of(104), mediaType: 'image/png' },
      { type: 'input_image', image_url: 'data:image/png;base64,aA==', detail: 'auto' },
    ],
    [
      { type: 'file', data: 'aA==', mediaType: 'application/pdf', filename: 'a.pdf' },
      { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,aA==' },
    ],
    [
      { type: 'file', url: 'https://example.com/a.pdf' },
      { type: 'input_file', file_url: 'https://example.com/a.pdf' },
    ],
    [
      { type: 'file', fileId: 'file-1' },
      { type: 'input_file', file_id: 'file-1' },
    ],
    [
      { type: 'file', fileId: 'file-1', mediaType: 'image/png' },
      { type: 'input_image', file_id: 'file-1', detail: 'auto' },
    ],
    [
      { type: 'file', data: 'aA==', mediaType: 'image/webp' },
      { type: 'input_image', image_url: 'data:image/webp;base64,aA==', detail: 'auto' },
    ],
    [
      { type: 'audio', data: 'aA==', mediaType: 'audio/mpeg' },
      { type: 'input_text', text: '[audio left out]' },
    ],
  ])('%j', (part, wire) => {
    expect(itemsOf([user([part])])).toEqual([{ role: 'user', content: [wire] }])
  })

  test('a result with a picture is a list', () => {
    const picture = { type: 'image', data: 'aA==', mediaType: 'image/png' } as const
    const shown = { type: 'input_image', image_url: 'data:image/png;base64,aA==', detail: 'auto' }
    const outputOf = (isError?: boolean): unknown =>
      (
        itemsOf([assistant([call('c1')]), result('c1', [{ type: 'text', text: 'A' }, picture], isError)]) as {
          output: unknown
        }[]
      )[1]?.output
    expect(outputOf()).toEqual([{ type: 'input_text', text: 'A' }, shown])
    expect(outputOf(true)).toEqual([
      { type: 'input_text', text: 'Error:' },
      { type: 'input_text', text: 'A' },
      shown,
    ])
  })
})

describe('reasoning', () => {
  const sealed = { type: 'reasoning', text: 'Hm.', id: 'rs-1', encrypted: 'E', origin } as const

  test('a sealed thought goes back before what it led to, without its id', () => {
    expect(itemsOf([user('hi'), assistant([sealed, call('c1')]), result('c1', 'A')])).toEqual([
      { role: 'user', content: 'hi' },
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Hm.' }], encrypted_content: 'E' },
      { type: 'function_call', call_id: 'c1', name: 'look', arguments: '{"at":"x"}' },
      { type: 'function_call_output', call_id: 'c1', output: 'A' },
    ])
  })

  test('one without a summary has an empty one', () => {
    const turn = assistant([
      { ...sealed, text: '' },
      { type: 'text', text: 'Yes.' },
    ])
    expect(itemsOf([user('hi'), turn])).toMatchObject([{}, { summary: [], encrypted_content: 'E' }, {}])
  })

  test('one in the open goes back whole', () => {
    const open = { type: 'reasoning', text: 'Hm.', id: 'rs-1', details: 'reasoning_text', origin } as const
    expect(itemsOf([user('hi'), assistant([open, { type: 'text', text: 'Yes.' }])])).toMatchObject([
      {},
      { type: 'reasoning', id: 'rs-1', summary: [], content: [{ type: 'reasoning_text', text: 'Hm.' }] },
      {},
    ])
  })

  test.each<readonly [string, AssistantMessage['content'][number] & object]>([
    ['of another format', { ...sealed, origin: 'anthropic-messages' }],
    ['of unknown origin', { ...sealed, origin: undefined }],
    ['that the server kept for itself', { ...sealed, encrypted: undefined }],
  ])('a thought %s stays behind', (_name, thought) => {
    const turn = assistant([thought, { type: 'text', text: 'Yes.' }])
    expect(itemsOf([user('hi'), turn])).toEqual([
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: 'Yes.' },
    ])
  })

  test('a thought that led to several calls goes back once', () => {
    const turn = assistant([sealed, call('c1'), call('c2')])
    const items = itemsOf([turn, result('c1', 'A'), result('c2', 'B')]) as { type: string }[]
    expect(items.map(({ type }) => type)).toEqual([
      'reasoning',
      'function_call',
      'function_call',
      'function_call_output',
      'function_call_output',
    ])
  })

  test('a thought that led to nothing stays behind', () => {
    expect(itemsOf([assistant([sealed]), user('Go on.')])).toEqual([{ role: 'user', content: 'Go on.' }])
  })

  test('what an answer brought goes back in the next call', async () => {
    const bodies: { input: unknown }[] = []
    const output = [
      { type: 'reasoning', id: 'rs-1', summary: [], encrypted_content: 'E' },
      { type: 'function_call', id: 'fc-1', call_id: 'c1', name: 'look', arguments: '{"at":"x"}' },
    ]
    const request = {
      provider: 'openai',
      api: 'responses',
      model: 'gpt-5-mini',
      apiKey: 'k',
      fetch: (async (_url, init) => {
        bodies.push(JSON.parse(init?.body as string) as { input: unknown })
        return Response.json({ id: 'r', status: 'completed', model: 'm', output })
      }) satisfies typeof fetch,
    }
    const first = await chatApiCall({ ...request, messages: [{ role: 'user', content: 'hi' }] })
    const messages = [
      { role: 'user', content: 'hi' } as const,
      first.message,
      { role: 'tool', toolCallId: 'c1', content: 'A' } as const,
    ]
    await chatApiCall({ ...request, messages })
    expect(bodies[1]?.input).toEqual([
      { role: 'user', content: 'hi' },
      { type: 'reasoning', summary: [], encrypted_content: 'E' },
      { type: 'function_call', call_id: 'c1', name: 'look', arguments: '{"at":"x"}' },
      { type: 'function_call_output', call_id: 'c1', output: 'A' },
    ])
  })
})
