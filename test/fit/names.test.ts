import { describe, expect, test } from 'vitest'
import { chatApiCall } from 'llm-switchyard'
import { createNameMap } from '../../src/core/fit/names.ts'
import { commonNames } from '../../src/core/fit/rules.ts'

const named = (...names: string[]) => names.map((name) => ({ name }))

describe('names of tools on the wire', () => {
  test('a name that fits is sent as it is, and nothing is mapped back', () => {
    const map = createNameMap(commonNames, named('look', 'get-time_2'))
    expect(map.wire('look')).toBe('look')
    expect(map.original.size).toBe(0)
  })

  test('refused characters become underscores; names that would meet are kept apart', () => {
    const map = createNameMap(commonNames, named('a.b', 'a/b', 'a_b'))
    const wires = ['a.b', 'a/b', 'a_b'].map((name) => map.wire(name))
    expect(new Set(wires).size).toBe(3)
    expect(map.wire('a_b')).toBe('a_b')
    for (const wire of wires) expect(wire).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
    expect(wires.map((wire) => map.original.get(wire) ?? wire)).toEqual(['a.b', 'a/b', 'a_b'])
  })

  test('a long name is cut, and told apart from others that begin alike', () => {
    const [first, second] = ['x'.repeat(70), `${'x'.repeat(69)}y`]
    const map = createNameMap(commonNames, named(first, second))
    expect(map.wire(first)).toHaveLength(64)
    expect(map.wire(first)).not.toBe(map.wire(second))
  })

  test('the name depends on itself alone: a longer conversation changes no earlier name', () => {
    const short = createNameMap(commonNames, named('look'))
    const long = createNameMap(commonNames, named('look'))
    long.wire('made<up>one')
    expect(long.wire('other<up>')).toBe(short.wire('other<up>'))
  })
})

const call = { name: 'files_read', input: { a: 1 } }
const args = JSON.stringify(call.input)
/** Whole replies with a call of `files_read`, by model reference. */
const replies: readonly (readonly [model: string, reply: object, api?: string])[] = [
  [
    'openai/gpt-4.1-mini',
    {
      choices: [
        {
          message: {
            tool_calls: [{ id: 'c', type: 'function', function: { name: call.name, arguments: args } }],
          },
          finish_reason: 'tool_calls',
        },
      ],
    },
  ],
  [
    'openai/gpt-4.1-mini',
    {
      status: 'completed',
      output: [{ type: 'function_call', call_id: 'c', name: call.name, arguments: args }],
    },
    'responses',
  ],
  [
    'anthropic/claude-haiku-4-5',
    { type: 'message', content: [{ type: 'tool_use', id: 'c', ...call }], stop_reason: 'tool_use' },
  ],
  [
    'bedrock/us.amazon.nova-lite-v1:0',
    {
      output: { message: { role: 'assistant', content: [{ toolUse: { toolUseId: 'c', ...call } }] } },
      stopReason: 'tool_use',
    },
  ],
  [
    'cohere/command-a-03-2025',
    {
      message: {
        tool_calls: [{ id: 'c', type: 'function', function: { name: call.name, arguments: args } }],
      },
      finish_reason: 'TOOL_CALL',
    },
  ],
  [
    'ollama/qwen3',
    { message: { tool_calls: [{ function: { name: call.name, arguments: call.input } }] }, done: true },
  ],
]

test.each(replies.map(([model, reply, api]) => ({ model, reply, api })))(
  '$model $api: the caller sees its own name again',
  async ({ model, reply, api }) => {
    let sent = ''
    const answer = await chatApiCall({
      model,
      apiKey: 'k',
      api,
      tools: [{ name: 'files/read' }],
      messages: [{ role: 'user', content: 'go' }],
      fetch: (_url, init) => {
        sent = init?.body as string
        return Promise.resolve(Response.json(reply))
      },
    })
    expect(sent).toContain('"files_read"')
    expect(sent).not.toContain('files/read')
    expect(answer.toolCalls.map(({ name }) => name)).toEqual(['files/read'])
  },
)

test('a name that a format accepts is sent to it unchanged', async () => {
  let sent = ''
  await chatApiCall({
    model: 'google/gemini-3-flash',
    apiKey: 'k',
    tools: [{ name: 'files.read' }],
    messages: [{ role: 'user', content: 'go' }],
    fetch: (_url, init) => {
      sent = init?.body as string
      return Promise.resolve(
        Response.json({ candidates: [{ content: { parts: [{ text: 'ok' }] }, finishReason: 'STOP' }] }),
      )
    },
  })
  expect(sent).toContain('"files.read"')
})
