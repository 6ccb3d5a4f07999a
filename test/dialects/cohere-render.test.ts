import { chatApiCall } from 'llm-switchyard'
import { describe, expect, test } from 'vitest'
import type { AssistantMessage, Message, ToolMessage, UserPart } from '../../src/core/message.ts'
import { cohereChat } from '../../src/dialects/cohere/index.ts'
import { renderWith } from './sent.ts'

const origin = 'cohere'
const user = (content: string | readonly UserPart[]): Message => ({ role: 'user', content })
const assistant = (content: AssistantMessage['content']): Message => ({ role: 'assistant', content })
const call = (id: string) => ({ type: 'tool-call', id, name: 'look', arguments: { at: 'x' } }) as const
const result = (toolCallId: string, content: ToolMessage['content'], isError?: boolean): Message => ({
  role: 'tool',
  toolCallId,
  content,
  isError,
})
const wireCall = (id: string): unknown => ({
  id,
  type: 'function',
  function: { name: 'look', arguments: '{"at":"x"}' },
})
const messagesOf = (...messages: Message[]): unknown => renderWith(cohereChat, messages).body['messages']

describe('turns', () => {
  test('instructions stay where they are', () => {
    expect(
      messagesOf({ role: 'system', content: 'Be brief.' }, user('hi'), {
        role: 'developer',
        content: 'In verse.',
      }),
    ).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'hi' },
      { role: 'system', content: 'In verse.' },
    ])
  })

  test('an answer, and an empty one', () => {
    expect(messagesOf(user('hi'), assistant('Hello.'), user('ho'), assistant(''))).toEqual([
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: 'Hello.' },
      { role: 'user', content: 'ho' },
    ])
  })

  test('calls with their plan, and results', () => {
    const plan = { type: 'reasoning', text: '', details: { tool_plan: 'I will look.' }, origin } as const
    expect(
      messagesOf(
        user('hi'),
        assistant([plan, call('c1'), call('c2')]),
        result('c1', 'A'),
        result('c2', 'B', true),
      ),
    ).toEqual([
      { role: 'user', content: 'hi' },
      { role: 'assistant', tool_plan: 'I will look.', tool_calls: [wireCall('c1'), wireCall('c2')] },
      { role: 'tool', tool_call_id: 'c1', content: 'A' },
      { role: 'tool', tool_call_id: 'c2', content: 'Error: B' },
    ])
  })

  test('text beside calls', () => {
    expect(messagesOf(assistant([{ type: 'text', text: 'Well.' }, call('c1')]), result('c1', 'A'))).toEqual([
      { role: 'assistant', content: 'Well.', tool_calls: [wireCall('c1')] },
      { role: 'tool', tool_call_id: 'c1', content: 'A' },
    ])
  })

  test('names are lost, and it is said once', () => {
    const named: Message[] = [
      { role: 'user', content: 'hi', name: 'ann' },
      { role: 'user', content: 'ho', name: 'bo' },
    ]
    const { body, warnings } = renderWith(cohereChat, named)
    expect(JSON.stringify(body)).not.toContain('"name"')
    expect(warnings).toEqual([expect.stringContaining('names')])
  })
})

describe('thoughts', () => {
  const thought = { type: 'reasoning', text: 'Hm.', origin } as const
  const answer = { type: 'text', text: 'Yes.' } as const

  test('go back to a model that thinks', () => {
    expect(messagesOf(assistant([thought, answer]), user('hi'))).toEqual([
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Hm.' },
          { type: 'text', text: 'Yes.' },
        ],
      },
      { role: 'user', content: 'hi' },
    ])
  })

  test('stay behind where the model does not think, or they are of another format', () => {
    const bare = [
      { role: 'assistant', content: 'Yes.' },
      { role: 'user', content: 'hi' },
    ]
    expect(
      renderWith(cohereChat, [assistant([thought, answer]), user('hi')], { thinks: false }).body['messages'],
    ).toEqual(bare)
    expect(messagesOf(assistant([{ ...thought, origin: 'gemini' }, answer]), user('hi'))).toEqual(bare)
    expect(messagesOf(assistant([{ ...thought, origin: undefined }, answer]), user('hi'))).toEqual(bare)
  })

  test('a turn of nothing but a thought of another format is none', () => {
    expect(messagesOf(user('hi'), assistant([{ ...thought, origin: 'gemini' }]), user('ho'))).toEqual([
      { role: 'user', content: 'hi' },
      { role: 'user', content: 'ho' },
    ])
  })
})

describe('parts', () => {
  test.each<readonly [UserPart, unknown]>([
    [
      { type: 'text', text: 'hi' },
      { type: 'text', text: 'hi' },
    ],
    [
      { type: 'image', url: 'https://example.com/a.png', detail: 'low' },
      { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } },
    ],
    [
      { type: 'image', data: Uint8Array.of(104), mediaType: 'image/png' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,aA==' } },
    ],
    [
      { type: 'file', data: 'aA==', mediaType: 'image/webp' },
      { type: 'image_url', image_url: { url: 'data:image/webp;base64,aA==' } },
    ],
    [
      { type: 'file', data: 'aMO2', mediaType: 'text/plain', filename: 'a.txt' },
      { type: 'text', text: 'hö' },
    ],
    [
      { type: 'file', url: 'data:application/json,%7B%7D' },
      { type: 'text', text: '{}' },
    ],
  ])('%j', (part, wire) => {
    const { body, warnings } = renderWith(cohereChat, [user([part])])
    expect(body['messages']).toEqual([{ role: 'user', content: [wire] }])
    expect(warnings).toEqual([])
  })

  test.each<readonly [UserPart, string]>([
    [{ type: 'file', data: 'aA==', mediaType: 'application/pdf', filename: 'a.pdf' }, 'a.pdf'],
    [{ type: 'file', url: 'https://example.com/a.pdf' }, 'https://example.com/a.pdf'],
    [{ type: 'file', fileId: 'file-1' }, 'a file'],
  ])('%j is left out by name, and it is said', (part, name) => {
    const { body, warnings } = renderWith(cohereChat, [user([part])])
    expect(body['messages']).toEqual([
      { role: 'user', content: [{ type: 'text', text: `[left out: ${name}]` }] },
    ])
    expect(warnings).toEqual([expect.stringContaining('files were replaced by their names')])
  })

  test('pictures in results follow after the last result', () => {
    const picture = { type: 'image', data: 'aA==', mediaType: 'image/png' } as const
    expect(
      messagesOf(
        assistant([call('c1'), call('c2')]),
        result('c1', [picture]),
        result('c2', 'B'),
        user('So?'),
      ),
    ).toMatchObject([
      { role: 'assistant' },
      { role: 'tool', tool_call_id: 'c1', content: 'See the next user message.' },
      { role: 'tool', tool_call_id: 'c2', content: 'B' },
      { role: 'user', content: [{ type: 'image_url' }] },
      { role: 'user', content: 'So?' },
    ])
  })
})

test('what an answer brought goes back in the next call', async () => {
  const bodies: { messages: unknown[] }[] = []
  const message = {
    role: 'assistant',
    content: [{ type: 'thinking', thinking: 'Hm.' }],
    tool_plan: 'I will look.',
    tool_calls: [wireCall('c1')],
  }
  const request = {
    provider: 'cohere',
    model: 'command-a-plus-05-2026',
    apiKey: 'k',
    fetch: (async (_url, init) => {
      bodies.push(JSON.parse(init?.body as string) as { messages: unknown[] })
      return Response.json({ id: 'a', message, finish_reason: 'TOOL_CALL' })
    }) satisfies typeof fetch,
  }
  const hi = { role: 'user', content: 'hi' } as const
  const first = await chatApiCall({ ...request, messages: [hi] })
  expect(first).toMatchObject({ text: '', reasoning: 'Hm.', finishReason: 'tool-calls' })
  const results = [{ role: 'tool', toolCallId: 'c1', content: 'A' } as const]
  await chatApiCall({ ...request, messages: [hi, first.message, ...results] })
  expect(bodies[1]?.messages[1]).toEqual(message)
})
