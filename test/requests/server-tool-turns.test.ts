import { describe, expect, test } from 'vitest'
import { chatApiCall, type ChatRequest, type StreamEvent } from 'llm-switchyard'
import { collectResponse, responseToEvents } from 'llm-switchyard/adapter'
import { answered, bodyOf } from './body-of.ts'

const search = {
  type: 'server_tool_use',
  id: 'srvtoolu_1',
  name: 'web_search',
  input: { query: 'q' },
}
const found = {
  type: 'web_search_tool_result',
  tool_use_id: 'srvtoolu_1',
  content: [{ type: 'web_search_result', url: 'https://a.test', title: 'A', encrypted_content: 'E==' }],
}
const usage = { input_tokens: 2, output_tokens: 3 }
const claude = { provider: 'anthropic', model: 'claude-sonnet-4-5', apiKey: 'k' } as const

// One turn of each provider with a tool that it runs: the reply, and what goes back of it.
const turns: readonly [string, Partial<ChatRequest>, object, readonly object[]][] = [
  [
    'anthropic',
    claude,
    {
      type: 'message',
      role: 'assistant',
      content: [{ type: 'text', text: 'Let me see.' }, search, found, { type: 'text', text: 'It is A.' }],
      stop_reason: 'end_turn',
      usage,
    },
    [search, found],
  ],
  [
    'openai',
    { provider: 'openai', model: 'gpt-5', api: 'responses' },
    {
      id: 'r',
      status: 'completed',
      output: [
        { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'E==' },
        { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'q' } },
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'It is A.' }] },
      ],
    },
    [{ type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'q' } }],
  ],
  [
    'google',
    { provider: 'google', model: 'gemini-3-flash' },
    {
      candidates: [
        {
          content: {
            parts: [
              { executableCode: { language: 'PYTHON', code: 'print(1)' }, thoughtSignature: 'S==' },
              { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1\n' } },
              { toolCall: { id: 't1', toolType: 'GOOGLE_SEARCH', args: { q: 'a' } } },
              { toolResponse: { id: 't1', toolType: 'GOOGLE_SEARCH', response: { r: 1 } } },
              { text: 'It is 1.' },
            ],
          },
          finishReason: 'STOP',
        },
      ],
    },
    [
      { executableCode: { language: 'PYTHON', code: 'print(1)' }, thoughtSignature: 'S==' },
      { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1\n' } },
      { toolCall: { id: 't1', toolType: 'GOOGLE_SEARCH', args: { q: 'a' } } },
      { toolResponse: { id: 't1', toolType: 'GOOGLE_SEARCH', response: { r: 1 } } },
    ],
  ],
  [
    'bedrock',
    { provider: 'bedrock', model: 'us.amazon.nova-pro-v1:0' },
    {
      output: {
        message: {
          role: 'assistant',
          content: [
            {
              toolUse: { toolUseId: 'u1', name: 'nova_grounding', type: 'server_tool_use', input: { q: 1 } },
            },
            { toolResult: { toolUseId: 'u1', type: 'nova_grounding_result', content: [{ json: { a: 1 } }] } },
            { text: 'It is A.' },
          ],
        },
      },
      stopReason: 'end_turn',
      usage: { inputTokens: 1, outputTokens: 1 },
    },
    [
      { toolUse: { toolUseId: 'u1', name: 'nova_grounding', type: 'server_tool_use', input: { q: 1 } } },
      { toolResult: { toolUseId: 'u1', type: 'nova_grounding_result', content: [{ json: { a: 1 } }] } },
    ],
  ],
]

describe('a turn with tools that the provider ran', () => {
  test.each(turns)(
    '%s: its steps are parts of the message, which go back as they came',
    async (_name, target, reply, steps) => {
      const serverTools = [{ type: 'web-search' }] as const
      const { reply: first } = await answered({ ...target, serverTools }, reply)
      expect(first.toolCalls).toEqual([])
      expect(first.finishReason).toBe('stop')
      const messages = [
        { role: 'user', content: 'x' },
        JSON.parse(JSON.stringify(first.message)) as typeof first.message,
        { role: 'user', content: 'y' },
      ] as const
      const { body } = await bodyOf({ ...target, serverTools, messages })
      const text = JSON.stringify(body)
      for (const step of steps) expect(text).toContain(JSON.stringify(step))
      // Whole and from its events, the response is the same.
      const { message } = collectResponse(responseToEvents(first), first)
      expect(withoutOrigin(message)).toEqual(withoutOrigin(first.message))
      // Another provider gets the words alone.
      const other = await answered(
        { provider: 'deepseek', model: 'deepseek-chat', messages },
        { choices: [{ message: { content: 'a' }, finish_reason: 'stop' }] },
      )
      expect(JSON.stringify(other.body)).toContain('It is')
      expect(JSON.stringify(other.body)).not.toMatch(/server-tool|block/)
      expect(other.reply.warnings.map(({ message: told }) => told)).toContain(
        'steps of tools that another provider ran were left out',
      )
    },
  )

  test('old histories with blocks among the thoughts are still sent back', async () => {
    const content = [
      {
        type: 'reasoning',
        text: '',
        id: 'srvtoolu_1',
        details: [search, found],
        origin: 'anthropic/anthropic-messages',
      },
      { type: 'text', text: 'It is A.' },
    ] as const
    const messages = [
      { role: 'user', content: 'x' },
      { role: 'assistant', content },
      { role: 'user', content: 'y' },
    ] as const
    const { body } = await bodyOf({ ...claude, messages })
    expect(JSON.stringify(body)).toContain(JSON.stringify([search, found]).slice(1, -1))
  })
})

function withoutOrigin(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, inner: unknown) => (key === 'origin' ? undefined : inner)))
}

interface Round {
  readonly content: readonly object[]
  readonly stop: string
  readonly container?: object
}

function frames({ content, stop, container }: Round): string {
  const out: object[] = [
    { type: 'message_start', message: { id: 'm', role: 'assistant', content: [], usage } },
  ]
  for (const [index, block] of content.entries())
    out.push(
      { type: 'content_block_start', index, content_block: block },
      { type: 'content_block_stop', index },
    )
  out.push({ type: 'message_delta', delta: { stop_reason: stop, container }, usage: { output_tokens: 3 } })
  out.push({ type: 'message_stop' })
  return out.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')
}

function whole({ content, stop, container }: Round): object {
  return { type: 'message', role: 'assistant', content, stop_reason: stop, container, usage }
}

function upstream(rounds: readonly Round[]) {
  const bodies: { messages: { role: string; content: object[] }[]; container?: string; stream?: boolean }[] =
    []
  const fetch = async (_url: unknown, init?: { body?: unknown }): Promise<Response> => {
    const body = JSON.parse(init?.body as string) as (typeof bodies)[number]
    const round = rounds[Math.min(bodies.length, rounds.length - 1)] as Round
    bodies.push(body)
    if (body.stream !== true) return Response.json(whole(round))
    return new Response(frames(round), { headers: { 'content-type': 'text/event-stream' } })
  }
  return { bodies, fetch: fetch as typeof globalThis.fetch }
}

describe('a paused turn', () => {
  const request = {
    ...claude,
    messages: [{ role: 'user' as const, content: 'x' }],
    serverTools: [{ type: 'web-search' as const }, { type: 'code-execution' as const }],
  }
  const rounds: Round[] = [
    {
      content: [{ type: 'text', text: 'One. ' }, search],
      stop: 'pause_turn',
      container: { id: 'c1', expires_at: 'e' },
    },
    { content: [found], stop: 'pause_turn' },
    { content: [{ type: 'text', text: 'Two.' }], stop: 'end_turn' },
  ]

  test('goes on by itself: one start, one finish, the sum of usage', async () => {
    const { bodies, fetch } = upstream(rounds)
    const stream = await chatApiCall({ ...request, fetch, stream: true })
    const events: StreamEvent[] = []
    for await (const event of stream) events.push(event)
    const types = events.map(({ type }) => type)
    expect(types.filter((type) => type === 'start')).toHaveLength(1)
    expect(types.filter((type) => type === 'usage')).toHaveLength(1)
    expect(types.at(-1)).toBe('finish')
    expect(types.indexOf('finish')).toBe(types.length - 1)
    expect(events.at(-1)).toMatchObject({ finishReason: 'stop', usage: { inputTokens: 6, outputTokens: 9 } })
    const response = await stream.response
    expect(response).toMatchObject({
      text: 'One. Two.',
      usage: { totalTokens: 15 },
      rawFinishReason: 'end_turn',
    })
    expect(response.attempts).toHaveLength(3)
    expect(bodies).toHaveLength(3)
    // The answer so far goes back as it came, and the container with it.
    expect(bodies[1]?.messages.at(-1)).toEqual({
      role: 'assistant',
      content: [{ type: 'text', text: 'One. ' }, search],
    })
    expect(bodies[1]?.container).toBe('c1')
    expect(bodies[2]?.messages.at(-1)?.content).toEqual([{ type: 'text', text: 'One. ' }, search, found])
    expect(response.message.content).toMatchObject([
      { type: 'text' },
      { type: 'server-tool', name: 'web_search' },
      { type: 'server-tool', name: 'container' },
      { type: 'server-tool', name: 'web_search' },
      { type: 'text', text: 'Two.' },
    ])
  })

  test('whole and streamed give the same response', async () => {
    const one = await chatApiCall({ ...request, fetch: upstream(rounds).fetch })
    const stream = await chatApiCall({ ...request, fetch: upstream(rounds).fetch, stream: true })
    const { attempts: _one, requestId: _first, ...kept } = one
    const { attempts: _other, requestId: _second, id: _id, ...other } = await stream.response
    expect(kept).toEqual(other)
    expect(one.text).toBe('One. Two.')
  })

  test('goes on at most eight times', async () => {
    const { bodies, fetch } = upstream([{ content: [search, found], stop: 'pause_turn' }])
    const response = await chatApiCall({ ...request, fetch })
    expect(bodies).toHaveLength(9)
    expect(response.rawFinishReason).toBe('pause_turn')
  })

  test('fails with what came before', async () => {
    const { bodies, fetch } = upstream(rounds)
    const failing = async (...given: Parameters<typeof fetch>): Promise<Response> =>
      bodies.length === 1 ? Response.json({ error: { message: 'no' } }, { status: 500 }) : fetch(...given)
    const call = chatApiCall({ ...request, fetch: failing })
    await expect(call).rejects.toMatchObject({ kind: 'server-failed', partial: { text: 'One. ' } })
  })

  test('without tools of the provider, nothing is continued', async () => {
    const { bodies, fetch } = upstream(rounds)
    await chatApiCall({ ...request, serverTools: undefined, fetch })
    expect(bodies).toHaveLength(1)
  })

  test('a history that ends in a step goes back as it is', async () => {
    const paused = await chatApiCall({ ...request, serverTools: undefined, fetch: upstream(rounds).fetch })
    const messages = [...request.messages, paused.message]
    const { body } = await bodyOf({ ...request, model: 'claude-opus-5', messages })
    expect((body['messages'] as { role: string }[]).map(({ role }) => role)).toEqual(['user', 'assistant'])
  })
})
