import { createOrchestrator } from 'llm-switchyard'
import { createOpenAIHandler } from 'llm-switchyard/http'
import { createFakeProvider } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'

const F = 'something forbidden'
const user = { role: 'user', content: 'go' }
const call = (text: string): object => ({
  role: 'assistant',
  content: 'I look.',
  tool_calls: [
    { id: 'c1', type: 'function', function: { name: 't', arguments: JSON.stringify({ q: text }) } },
  ],
})
const tool = { name: 't', parameters: { type: 'object', properties: {} } }

type Row = readonly [place: string, path: string, body: object]

const rows: readonly Row[] = [
  ...(
    [
      ['system', 'messages.0.content', [{ role: 'system', content: F }, user]],
      [
        'a user',
        'messages.1.content',
        [
          { role: 'system', content: 'kind' },
          { role: 'user', content: F },
        ],
      ],
      [
        'a part',
        'messages.0.content.1',
        [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'a' },
              { type: 'text', text: F },
            ],
          },
        ],
      ],
      [
        'arguments',
        'messages.1.tool_calls.0.function',
        [user, call(F), { role: 'tool', tool_call_id: 'c1', content: 'x' }, user],
      ],
      [
        'a result',
        'messages.2.content',
        [user, call('x'), { role: 'tool', tool_call_id: 'c1', content: F }, user],
      ],
    ] as const
  ).map(([place, path, messages]): Row => [`chat/completions ${place}`, path, { messages }]),
  [
    'chat/completions a tool',
    'tools.0.function.description',
    { messages: [user], tools: [{ type: 'function', function: { ...tool, description: F } }] },
  ],
  ['messages system', 'system', { system: F, messages: [user] }],
  [
    'messages a user behind a system',
    'messages.0.content',
    { system: 'kind', messages: [{ role: 'user', content: F }] },
  ],
  ['messages system in blocks', 'system', { system: [{ type: 'text', text: F }], messages: [user] }],
  [
    'messages a result',
    'messages.2.content.1.content',
    {
      system: 'kind',
      messages: [
        user,
        {
          role: 'assistant',
          content: [
            { type: 'tool_use', id: 'a', name: 't', input: {} },
            { type: 'tool_use', id: 'b', name: 't', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'a', content: 'x' },
            { type: 'tool_result', tool_use_id: 'b', content: F },
          ],
        },
      ],
    },
  ],
  [
    'messages a text behind a result',
    'messages.2.content.1',
    {
      messages: [
        user,
        { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 't', input: {} }] },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'a', content: 'x' },
            { type: 'text', text: F },
          ],
        },
      ],
    },
  ],
  [
    'messages a tool',
    'tools.0.description',
    { messages: [user], tools: [{ name: 't', input_schema: tool.parameters, description: F }] },
  ],
  ['responses instructions', 'instructions', { instructions: F, input: 'go' }],
  ['responses input as text', 'input', { instructions: 'kind', input: F }],
  [
    'responses a user',
    'input.1.content',
    { instructions: 'kind', input: [user, { role: 'user', content: F }] },
  ],
  [
    'responses an output',
    'input.3.output',
    {
      instructions: 'kind',
      input: [
        user,
        { role: 'assistant', content: 'I look.' },
        { type: 'function_call', call_id: 'c', name: 't', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c', output: F },
      ],
    },
  ],
  [
    'responses a second item of the assistant',
    'input.2',
    { input: [user, { role: 'assistant', content: 'fine' }, { role: 'assistant', content: F }, user] },
  ],
]

const refusals = {
  'a rule': { moderation: { rules: 'forbidden -> block' } },
  'the limits of requests': { requestLimits: { unsafeContent: ['forbidden'] } },
} as const

describe.each(Object.entries(refusals))('refused by %s', (name, options) => {
  test.each(rows)('%s: the error names %s, as the client wrote it', async (place, path, body) => {
    // Arguments are not text of a person for the limits.
    if (name !== 'a rule' && /arguments/.test(place)) return
    await using provider = await createFakeProvider({ script: 'fine' })
    await using orchestrator = createOrchestrator({
      providers: { openai: { baseUrl: provider.baseUrl('openai-chat'), apiKey: 'k' } },
      ...options,
    })
    const handler = createOpenAIHandler(orchestrator, { authorize: 'open' })
    for (const stream of [false, true]) {
      const [endpoint = ''] = place.split(' ')
      const response = await handler(
        new Request(`http://h/v1/${endpoint}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ model: 'openai/m', max_tokens: 100, stream, ...body }),
        }),
      )
      const { error } = (await response.json()) as { error: { message: string; param?: string } }
      expect(response.status).toBe(400)
      expect(error.message).toMatch(new RegExp(`[ ]${path.replaceAll('.', '\\.')}(?![0-9])`))
      if (endpoint !== 'messages') expect(error.param?.startsWith(path)).toBe(true)
      expect(provider.log).toEqual([])
    }
  })
})

describe.each(['chat/completions', 'messages', 'responses'])('conversation_id of %s', (endpoint) => {
  test.each([
    ['half a surrogate pair', '\uD800'],
    ['a line break', 'a\nb'],
    ['more than 200 characters', 'x'.repeat(201)],
    ['nothing', ''],
    ['a number', 5],
  ])('is refused if it is %s', async (_what, id) => {
    await using provider = await createFakeProvider({ script: 'fine' })
    await using orchestrator = createOrchestrator({
      providers: { openai: { baseUrl: provider.baseUrl('openai-chat'), apiKey: 'k' } },
    })
    const handler = createOpenAIHandler(orchestrator, { authorize: 'open' })
    const response = await handler(
      new Request(`http://h/v1/${endpoint}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'openai/m',
          max_tokens: 5,
          messages: [user],
          input: 'go',
          conversation_id: id,
        }),
      }),
    )
    const { error } = (await response.json()) as { error: { message: string } }
    expect([response.status, error.message]).toEqual([400, expect.stringContaining('conversation_id')])
    expect(provider.log).toEqual([])
  })
})
