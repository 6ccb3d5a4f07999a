import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import type { Message } from '../../src/core/message.ts'
import { anthropicMessages } from '../../src/dialects/anthropic-messages/index.ts'
import { rendered, targetOf } from './sent.ts'

const origin = 'anthropic-messages'
const user = (content: string): Message => ({ role: 'user', content })
const assistant = (content: Extract<Message, { role: 'assistant' }>['content']): Message => ({
  role: 'assistant',
  content,
})
const call = (id: string, name = 'look'): Message =>
  assistant([{ type: 'tool-call', id, name, arguments: { at: 'x' } }])
const result = (
  toolCallId: string,
  content: Extract<Message, { role: 'tool' }>['content'] = 'seen',
): Message => ({
  role: 'tool',
  toolCallId,
  content,
})

interface Rendered {
  readonly body: JsonObject
  readonly warnings: readonly string[]
}

function render(messages: readonly Message[], stream = false): Rendered {
  const { body, raw } = rendered(targetOf(anthropicMessages), { messages, settings: {}, stream })
  return { body, warnings: raw.map(({ type, message }) => `${type}: ${message}`) }
}

function turnsOf(...messages: Message[]): unknown {
  return render(messages).body['messages']
}

test('model and mode', () => {
  expect(render([user('hi')]).body).toEqual({
    model: 'some-model',
    max_tokens: 4_096,
    messages: [{ role: 'user', content: 'hi' }],
  })
  expect(render([user('hi')], true).body['stream']).toBe(true)
})

describe('instructions', () => {
  test('one is a string', () => {
    const { body, warnings } = render([{ role: 'system', content: 'Be brief.' }, user('hi')])
    expect(body['system']).toBe('Be brief.')
    expect(warnings).toEqual([])
  })

  test('several are text blocks; a blank one is none', () => {
    const { body } = render([
      { role: 'system', content: 'Be brief.' },
      { role: 'developer', content: 'Be kind.' },
      { role: 'system', content: '  ' },
      user('hi'),
    ])
    expect(body['system']).toEqual([
      { type: 'text', text: 'Be brief.' },
      { type: 'text', text: 'Be kind.' },
    ])
  })

  test('those from inside the conversation go to its beginning, and that is said', () => {
    const { body, warnings } = render([user('hi'), { role: 'system', content: 'Be brief.' }])
    expect(body['system']).toBe('Be brief.')
    expect(warnings).toEqual([
      'compatibility: instructions from inside the conversation were moved to its beginning',
    ])
  })
})

describe('turns', () => {
  test('neighbours of one role are one turn', () => {
    expect(turnsOf(user('a'), user('b'), assistant('c'), assistant('d'), user('e'))).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'c' },
          { type: 'text', text: 'd' },
        ],
      },
      { role: 'user', content: 'e' },
    ])
  })

  test('a turn of nothing but white space is left out, and that is said', () => {
    const { body, warnings } = render([user('a'), assistant(''), user(' \n')])
    expect(body['messages']).toEqual([{ role: 'user', content: 'a' }])
    expect(warnings).toEqual([
      'compatibility: messages without content were left out: the format refuses them',
    ])
  })

  test.each([
    ['by the assistant', [assistant('Welcome.'), user('hi')], ['user', 'assistant', 'user']],
    ['by instructions alone', [{ role: 'system', content: 'Tell a joke.' }], ['user']],
  ] as const)('a conversation begun %s gets a user turn first', (_name, messages, roles) => {
    const { body, warnings } = render(messages)
    const turns = body['messages'] as { role: string; content: unknown }[]
    expect(turns.map(({ role }) => role)).toEqual(roles)
    expect(turns[0]?.content).toBe('Continue.')
    expect(warnings).toEqual([
      'compatibility: the user message "Continue." was put first: the format requires one there',
    ])
  })

  test('the beginning of an answer loses white space at its end only', () => {
    const { body, warnings } = render([user('a'), assistant(' The answer \n')])
    expect(body['messages']).toEqual([
      { role: 'user', content: 'a' },
      { role: 'assistant', content: ' The answer' },
    ])
    expect(warnings).toHaveLength(1)
    expect(render([user('a'), assistant('b \n'), user('c')]).body['messages']).toContainEqual({
      role: 'assistant',
      content: 'b \n',
    })
  })

  test('a speaker has no name', () => {
    const { body, warnings } = render([{ role: 'user', content: 'a', name: 'Ann' }])
    expect(body['messages']).toEqual([{ role: 'user', content: 'a' }])
    expect(warnings).toEqual([
      'compatibility: names of speakers were left out: the format has no field for them',
    ])
  })
})

describe('tool rounds', () => {
  test('results come first in the user turn right after their calls', () => {
    expect(
      turnsOf(
        user('look'),
        assistant([
          { type: 'text', text: 'Both.' },
          { type: 'tool-call', id: 't1', name: 'look', arguments: { at: 'x' } },
          { type: 'tool-call', id: 't2', name: 'look', arguments: {} },
        ]),
        user('and?'),
        result('t2', 'two'),
        result('t1', 'one'),
      ),
    ).toEqual([
      { role: 'user', content: 'look' },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'Both.' },
          { type: 'tool_use', id: 't1', name: 'look', input: { at: 'x' } },
          { type: 'tool_use', id: 't2', name: 'look', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 't1', content: 'one' },
          { type: 'tool_result', tool_use_id: 't2', content: 'two' },
          { type: 'text', text: 'and?' },
        ],
      },
    ])
  })

  test.each<readonly [string, Message, unknown]>([
    ['text', result('t1', 'one'), { content: 'one' }],
    ['nothing', result('t1', ''), {}],
    [
      'a failure',
      { role: 'tool', toolCallId: 't1', content: 'no', isError: true },
      { content: 'no', is_error: true },
    ],
    [
      'a failure without a word',
      { role: 'tool', toolCallId: 't1', content: '', isError: true },
      { content: 'The tool failed.', is_error: true },
    ],
    [
      'text and an image',
      result('t1', [
        { type: 'text', text: 'shot' },
        { type: 'image', data: 'AQID', mediaType: 'image/png' },
      ]),
      {
        content: [
          { type: 'text', text: 'shot' },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AQID' } },
        ],
      },
    ],
  ])('a result of %s', (_name, message, expected) => {
    const turns = turnsOf(user('look'), call('t1'), message) as { content: unknown[] }[]
    expect(turns[2]?.content).toEqual([{ type: 'tool_result', tool_use_id: 't1', ...(expected as object) }])
  })

  test('ids and names of other formats are made to fit, the same for call and result', () => {
    const turns = turnsOf(user('look'), call('call|fc.1', 'ns.look up'), result('call|fc.1')) as {
      content: { id?: string; tool_use_id?: string; name?: string }[]
    }[]
    const { id, name } = turns[1]?.content[0] ?? {}
    expect(id).toMatch(/^[A-Za-z0-9_-]+$/)
    expect(turns[2]?.content[0]?.tool_use_id).toBe(id)
    expect(name).toBe('ns_look_up')
  })

  test.each([
    [{ a: 1 }, { a: 1 }],
    [null, {}],
    ['{"cut', { arguments: '{"cut' }],
    [[1, 2], { arguments: [1, 2] }],
  ])('arguments %j are the input %j', (args, input) => {
    const turns = turnsOf(
      user('look'),
      assistant([{ type: 'tool-call', id: 't1', name: 'look', arguments: args }]),
      result('t1'),
    ) as { content: unknown[] }[]
    expect(turns[1]?.content).toEqual([{ type: 'tool_use', id: 't1', name: 'look', input }])
  })

  test('a call without a result gets one that says so', () => {
    const { body, warnings } = render([user('look'), call('t1'), user('never mind')])
    const turns = body['messages'] as { content: { type: string; is_error?: boolean }[] }[]
    expect(turns[2]?.content[0]).toMatchObject({ type: 'tool_result', is_error: true })
    expect(warnings).toHaveLength(1)
  })
})

describe('reasoning of earlier turns', () => {
  const answer = { type: 'text', text: 'Four.' } as const

  test.each<readonly [string, object, readonly object[]]>([
    [
      'signed',
      { text: 'Hm.', signature: 's', origin },
      [{ type: 'thinking', thinking: 'Hm.', signature: 's' }],
    ],
    [
      'signed, its text kept back',
      { text: '', signature: 's', origin },
      [{ type: 'thinking', thinking: '', signature: 's' }],
    ],
    ['sealed', { text: '', encrypted: 'e', origin }, [{ type: 'redacted_thinking', data: 'e' }]],
    [
      'of several kinds, in order',
      { text: '', signature: 's', encrypted: 'e', details: [{ type: 'server_tool_use', id: 'x' }], origin },
      [
        { type: 'thinking', thinking: '', signature: 's' },
        { type: 'redacted_thinking', data: 'e' },
        { type: 'server_tool_use', id: 'x' },
      ],
    ],
  ])('%s goes back as it came', (_name, part, blocks) => {
    const { body, warnings } = render([
      user('2+2'),
      assistant([{ type: 'reasoning', text: '', ...part }, answer]),
      user('sure?'),
    ])
    const turns = body['messages'] as { content: unknown }[]
    expect(turns[1]?.content).toEqual([...blocks, answer])
    expect(warnings).toEqual([])
  })

  test.each<readonly [string, object]>([
    ['unsigned', { origin }],
    ['signed by who knows whom', { signature: 's' }],
    ['of another format', { signature: 's', origin: 'gemini' }],
  ])('%s is left out, and that is said', (_name, part) => {
    const { body, warnings } = render([
      user('2+2'),
      assistant([{ type: 'reasoning', text: 'Hm.', ...part }, answer]),
      user('sure?'),
    ])
    expect(body['messages']).toContainEqual({ role: 'assistant', content: 'Four.' })
    expect(warnings).toEqual([
      'other: earlier reasoning was not sent back: the format accepts only reasoning that it has signed',
    ])
  })

  test('a file that another model made is left out, and that is said', () => {
    const { body, warnings } = render([
      user('draw'),
      assistant([answer, { type: 'file', mediaType: 'image/png', data: 'AQID' }]),
      user('more'),
    ])
    expect(body['messages']).toContainEqual({ role: 'assistant', content: 'Four.' })
    expect(warnings[0]).toContain('a file made by the model was left out')
  })
})
