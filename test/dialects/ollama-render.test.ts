import { type Message, type Settings } from 'llm-switchyard'
import { ollamaChat } from 'llm-switchyard/adapter'
import { describe, expect, test } from 'vitest'
import { ollama } from '../../src/providers/ollama.ts'
import { renderWith, sendTo } from './sent.ts'

const png = 'iVBORw0KGgo='
const user: Message = { role: 'user', content: 'Hello!' }

function messagesOf(...messages: Message[]): unknown {
  const { body, warnings } = renderWith(ollamaChat, messages)
  expect(warnings).toEqual([])
  return body['messages']
}

describe('messages', () => {
  test('instructions, of either name, stay where they are', () => {
    expect(messagesOf({ role: 'system', content: 'A' }, user, { role: 'developer', content: 'B' })).toEqual([
      { role: 'system', content: 'A' },
      { role: 'user', content: 'Hello!' },
      { role: 'system', content: 'B' },
    ])
  })

  test('texts are joined, images are bare base64', () => {
    const content = [
      { type: 'text', text: 'What' },
      { type: 'image', data: png, mediaType: 'image/png' },
      { type: 'text', text: 'is it?' },
      { type: 'image', url: `data:image/png;base64,${png}` },
      { type: 'file', data: png, mediaType: 'image/png' },
      { type: 'file', data: 'YSxiCg==', mediaType: 'text/csv', filename: 'a.csv' },
    ] as const
    expect(messagesOf({ role: 'user', content })).toEqual([
      { role: 'user', content: 'What\nis it?\na.csv:\na,b\n', images: [png, png, png] },
    ])
  })

  test.each<[string, Exclude<Extract<Message, { role: 'user' }>['content'], string>[number], string, RegExp]>(
    [
      [
        'an image by URL',
        { type: 'image', url: 'https://a.test/b.png' },
        'https://a.test/b.png',
        /as a link/,
      ],
      ['sound', { type: 'audio', data: 'YQ==', mediaType: 'audio/mpeg' }, '[audio left out]', /audio/],
      ['a PDF', { type: 'file', data: 'YQ==', mediaType: 'application/pdf' }, '', /application\/pdf/],
    ],
  )('%s comes with a warning', (_name, part, content, warning) => {
    const { body, warnings } = renderWith(ollamaChat, [{ role: 'user', content: [part] }])
    expect(body['messages']).toEqual([{ role: 'user', content }])
    expect(warnings).toEqual([expect.stringMatching(warning)])
  })

  test('calls have objects as arguments, results the name of their tool; thoughts go back', () => {
    const call = { type: 'tool-call', id: 'call_1', name: 'look', arguments: { at: 'sky' } } as const
    const turns: Message[] = [
      user,
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'Hm.', origin: 'ollama' },
          { type: 'text', text: 'Looking.' },
          call,
          { ...call, id: 'call_2', arguments: 'sky', invalid: 'no JSON' },
        ],
      },
      { role: 'tool', toolCallId: 'call_1', content: 'blue' },
      { role: 'tool', toolCallId: 'call_2', content: 'dark', isError: true },
    ]
    expect(messagesOf(...turns)).toEqual([
      { role: 'user', content: 'Hello!' },
      {
        role: 'assistant',
        content: 'Looking.',
        thinking: 'Hm.',
        tool_calls: [
          { function: { name: 'look', arguments: { at: 'sky' } } },
          { function: { name: 'look', arguments: { arguments: 'sky' } } },
        ],
      },
      { role: 'tool', tool_name: 'look', content: 'blue' },
      { role: 'tool', tool_name: 'look', content: 'Error: dark' },
    ])
  })

  test('an image of a result follows as a user turn', () => {
    const call = { type: 'tool-call', id: 'call_1', name: 'look', arguments: {} } as const
    const image = { type: 'image', data: png, mediaType: 'image/png' } as const
    const turns: Message[] = [
      user,
      { role: 'assistant', content: [call] },
      { role: 'tool', toolCallId: 'call_1', content: [image] },
    ]
    expect(messagesOf(...turns)).toMatchObject([
      {},
      {},
      { role: 'tool', tool_name: 'look', content: 'See the next message.' },
      { role: 'user', images: [png] },
    ])
  })

  test('what cannot go along is said', () => {
    const file = { type: 'file', data: png, mediaType: 'image/png' } as const
    const { warnings } = renderWith(ollamaChat, [
      { ...user, name: 'Ann' },
      { role: 'assistant', content: [file] },
    ])
    expect(warnings).toEqual([
      expect.stringContaining('name'),
      expect.stringContaining('file made by the model'),
    ])
  })
})

describe('settings', () => {
  const tools = [{ name: 'look', description: 'Looks' }, { name: 'wait' }] as const
  const parameters = { type: 'object', properties: {} }
  const looking = { type: 'function', function: { name: 'look', description: 'Looks', parameters } }
  const waiting = { type: 'function', function: { name: 'wait', parameters } }
  const schema = { type: 'object', properties: { a: { type: 'string' } } } as const
  const options = (fields: object) => ({ options: fields })

  function send(settings: Settings, model = 'qwen3') {
    const { body, warnings } = sendTo(ollama, settings, { model })
    const { messages: _messages, model: sent, stream, ...rest } = body
    expect({ sent, stream }).toEqual({ sent: model, stream: false })
    return { body: rest, warnings }
  }

  test.each<[Settings, object]>([
    [{}, {}],
    [{ maxTokens: 5 }, options({ num_predict: 5 })],
    [
      { temperature: 0, topP: 0.5, topK: 3, minP: 0.1 },
      options({ temperature: 0, top_p: 0.5, top_k: 3, min_p: 0.1 }),
    ],
    [{ stop: 'END', seed: 7 }, options({ stop: ['END'], seed: 7 })],
    [
      { frequencyPenalty: 1, presencePenalty: 0.5, repetitionPenalty: 1.1 },
      options({ frequency_penalty: 1, presence_penalty: 0.5, repeat_penalty: 1.1 }),
    ],
    [{ topLogprobs: 2 }, { logprobs: true, top_logprobs: 2 }],
    [{ responseFormat: 'json' }, { format: 'json' }],
    [{ responseFormat: { type: 'json', schema } }, { format: schema }],
    [{ responseFormat: 'text' }, {}],
    [{ tools }, { tools: [looking, waiting] }],
    [{ reasoning: true }, { think: true }],
    [{ reasoning: 'none' }, { think: false }],
    [{ reasoning: 'low' }, { think: 'low' }],
    [{ reasoning: 'high' }, { think: 'high' }],
  ])('%j', (settings, body) => {
    expect(send(settings)).toEqual({ body, warnings: [] })
  })

  test.each<[Settings, string, object, RegExp]>([
    [{ reasoning: 'minimal' }, 'qwen3', { think: 'low' }, /^reasoning: .*"low"/],
    [{ reasoning: 'xhigh' }, 'qwen3', { think: 'high' }, /^reasoning: .*"high"/],
    [{ reasoning: { budgetTokens: 500 } }, 'qwen3', { think: true }, /^reasoning: .*budget/],
    [{ reasoning: 'max' }, 'gpt-oss:20b', { think: 'high' }, /^reasoning: .*"high"/],
    [{ reasoning: false }, 'gpt-oss:20b', { think: 'low' }, /^reasoning: .*always thinks/],
    [{ tools, toolChoice: 'required' }, 'qwen3', { tools: [looking, waiting] }, /^toolChoice: /],
    [{ tools, toolChoice: 'none' }, 'qwen3', {}, /^toolChoice: /],
    [{ tools, toolChoice: { name: 'wait' } }, 'qwen3', { tools: [waiting] }, /^toolChoice: /],
    [{ tools: [{ name: 'wait', strict: true }] }, 'qwen3', { tools: [waiting] }, /^tools: /],
    [{ n: 2 }, 'qwen3', {}, /^n: /],
    [{ user: 'u' }, 'qwen3', {}, /^user: /],
    [{ metadata: { a: 'b' } }, 'qwen3', {}, /^metadata: /],
    [{ logitBias: { '1': 1 } }, 'qwen3', {}, /^logitBias: /],
    [{ tools, parallelToolCalls: false }, 'qwen3', { tools: [looking, waiting] }, /^parallelToolCalls: /],
  ])('%j to %s gives a warning', (settings, model, body, warning) => {
    const sent = send(settings, model)
    expect(sent.body).toEqual(body)
    expect(sent.warnings).toEqual([expect.stringMatching(warning)])
  })

  test('the mode is always said: the server streams unless told not to', () => {
    expect(sendTo(ollama, {}, { model: 'qwen3', stream: true }).body['stream']).toBe(true)
  })
})
