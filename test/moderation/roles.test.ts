import { createOrchestrator, type ChatRequest, type OrchestratorEvent } from 'llm-switchyard'
import { createPiiModerator, createPlaceholders, type Moderator } from 'llm-switchyard/moderation'
import { createFakeProvider } from 'llm-switchyard/testing'
import type { FakeScript } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'

const BAD = 'forbidden words'
const u = { role: 'user', content: 'go' } as const
const call = { role: 'assistant', content: '', toolCalls: [{ id: '1', name: 't', arguments: {} }] } as const
const file = (data: string) => ({ type: 'file', data: btoa(data), mediaType: 'text/plain' }) as const

const requests: Readonly<Record<string, Omit<ChatRequest, 'model'>>> = {
  user: { messages: [{ role: 'user', content: BAD }] },
  'a second part': {
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: BAD },
        ],
      },
    ],
  },
  system: { messages: [{ role: 'system', content: BAD }, u] },
  developer: { messages: [{ role: 'developer', content: BAD }, u] },
  assistant: { messages: [u, { role: 'assistant', content: BAD }, u] },
  'tool arguments': {
    messages: [
      u,
      { ...call, toolCalls: [{ id: '1', name: 't', arguments: { a: [BAD] } }] },
      { role: 'tool', toolCallId: '1', content: 'r' },
    ],
  },
  'a tool result': { messages: [u, call, { role: 'tool', toolCallId: '1', content: BAD }] },
  'a part of a tool result': {
    messages: [u, call, { role: 'tool', toolCallId: '1', content: [{ type: 'text', text: BAD }] }],
  },
  'a text file': { messages: [{ role: 'user', content: [file(BAD), { type: 'text', text: 'a' }] }] },
  'a text file as a data URL': {
    messages: [{ role: 'user', content: [{ type: 'file', url: `data:text/markdown;base64,${btoa(BAD)}` }] }],
  },
  'a tool description': { messages: [u], tools: [{ name: 't', description: BAD }] },
  'a parameter description': {
    messages: [u],
    tools: [
      {
        name: 't',
        parameters: { type: 'object', properties: { a: { type: 'string', description: BAD } } },
      },
    ],
  },
}

async function opened(
  options: Parameters<typeof createOrchestrator>[0],
  script: FakeScript = 'fine',
): Promise<AsyncDisposable & { ask(request: Omit<ChatRequest, 'model'>): Promise<string>; sent(): string }> {
  const fake = await createFakeProvider({ script })
  const openai = { baseUrl: fake.baseUrl('openai-chat'), apiKey: 'k' }
  const orchestrator = createOrchestrator({ providers: { openai }, ...options })
  return {
    ask: async (request) =>
      (await orchestrator.chatApiCall({ model: 'openai/m', ...request, stream: false })).text,
    sent: () => JSON.stringify(fake.log.at(-1)?.body ?? null),
    [Symbol.asyncDispose]: async () => {
      await orchestrator.close({ drainMs: 0 })
      await fake.close()
    },
  }
}

describe.each(Object.entries(requests))('%s', (_name, request) => {
  test('is blocked', async () => {
    await using it = await opened({ moderation: { rules: `${BAD} -> block` } })
    await expect(it.ask(request)).rejects.toMatchObject({ kind: 'content-blocked' })
    expect(it.sent()).toBe('null')
  })

  test('is masked', async () => {
    await using it = await opened({ moderation: { rules: `${BAD} -> redact:[GONE]` } })
    await it.ask(request)
    const files = /"(?:file_data|data)":"(?:data:[^,]*,)?([A-Za-z0-9+/=]*)"/.exec(it.sent())?.[1] ?? ''
    expect(it.sent() + atob(files)).not.toContain(BAD)
    expect(it.sent() + atob(files)).toContain('[GONE]')
  })

  test('may hold no unsafe content', async () => {
    const name = _name
    await using it = await opened({ requestLimits: { unsafeContent: [BAD] } })
    const asked = it.ask(request)
    if (name === 'a parameter description') await asked
    else await expect(asked).rejects.toMatchObject({ kind: 'invalid-request' })
  })
})

test('the application’s own instructions are its own', async () => {
  await using it = await opened({
    moderation: { rules: `${BAD} -> block` },
    requestLimits: { unsafeContent: [BAD] },
  })
  await it.ask({ system: `Never say ${BAD}.`, messages: [u] })
  await it.ask({
    system: [
      { type: 'text', text: BAD, cache: true },
      { type: 'text', text: BAD },
    ],
    messages: [u],
  })
  expect(it.sent()).toContain(BAD)
  const more = {
    system: [{ type: 'text', text: 'a' }] as const,
    messages: [{ role: 'system', content: BAD }, u] as const,
  }
  await expect(it.ask(more)).rejects.toMatchObject({ kind: 'invalid-request' })
})

test('what was judged is not judged again, and is told once', async () => {
  const judged: string[] = []
  const judge: Moderator = {
    name: 'judge',
    moderate: (text) => {
      judged.push(text)
      return text.includes('mild') ? [{ categories: ['mild'], action: 'warn' }] : []
    },
  }
  const events: OrchestratorEvent[] = []
  await using it = await opened({
    moderation: { moderators: [judge], rules: '/heck/ -> warn' },
    onEvent: (event) => void events.push(event),
  })
  const tools = [{ name: 't', description: 'a tool' }]
  const q1 = { role: 'user', content: 'mild heck' } as const
  await it.ask({ conversationId: 'c1234567', messages: [q1], tools })
  const a1 = { role: 'assistant', content: 'fine' } as const
  const q2 = { role: 'user', content: 'second' } as const
  await it.ask({ conversationId: 'c1234567', messages: [q1, a1, q2], tools })
  expect(judged).toEqual(['mild heck', 'a tool', 'fine', 'second'])
  expect(events.filter(({ type }) => type === 'moderation')).toHaveLength(2)
  await it.ask({ conversationId: 'c7654321', messages: [q1], tools })
  expect(judged).toHaveLength(7)
})

test('reversible masks hold over turns, in what the model said as well', async () => {
  const placeholders = createPlaceholders()
  const moderators = [createPiiModerator({ placeholders }), placeholders.restoring]
  await using it = await opened({ moderation: { moderators } }, '[EMAIL_1] and [EMAIL_2]')
  const first = { role: 'user', content: 'write to ann@example.com' } as const
  await it.ask({ messages: [first] })
  const answer = { role: 'assistant', content: 'Mail ann@example.com' } as const
  const text = await it.ask({
    messages: [first, answer, { role: 'user', content: 'and bob@example.com, then ann@example.com' }],
  })
  expect(text).toBe('ann@example.com and bob@example.com')
  expect(it.sent()).not.toContain('@example.com')
})
