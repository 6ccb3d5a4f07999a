import { createChatHandler, createOpenAIHandler, type CallerAccess } from 'llm-switchyard/http'
import { expect, onTestFinished, test } from 'vitest'
import { host } from '../../conversations/chat-host.ts'

interface Asked {
  readonly status: number
  readonly text: string
  readonly logged: string
}

const doors = ['the gateway', 'a chat service', 'a plain chat'] as const

async function ask(door: (typeof doors)[number], answer: unknown): Promise<Asked> {
  const it = await host()
  const lines: unknown[] = []
  const note = (fields: unknown, words: unknown): number => lines.push(fields, words)
  const logger = { debug: note, info: note, warn: note, error: note }
  const authorize = (): CallerAccess => answer as CallerAccess
  const defaults = { model: 'openai/gpt-4.1-mini' }
  const handlers = {
    'the gateway': () => createOpenAIHandler(it.orchestrator, { authorize, logger }),
    'a chat service': () => createChatHandler(it.chats, { authorize, logger }),
    'a plain chat': () => createChatHandler(it.orchestrator, { authorize, logger, defaults }),
  }
  onTestFinished(() => it[Symbol.asyncDispose]())
  const message = { role: 'user', content: 'Hi' }
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({
    ...(door === 'the gateway' ? { model: 'openai/gpt-4.1-mini' } : {}),
    messages: [message],
    stream: false,
  })
  const path = door === 'the gateway' ? '/v1/chat/completions' : '/api/chat'
  const reply = await handlers[door]()(new Request(`http://h${path}`, { method: 'POST', headers, body }))
  return { status: reply.status, text: await reply.text(), logged: JSON.stringify(lines) }
}

const wrong: readonly [unknown, string][] = [
  [{ userId: 5 }, 'userId must be text'],
  [{ userId: null }, 'userId must be'],
  [{ userId: 'ada', tenant: 7 }, 'tenant must be text; got 7'],
  [{ userId: 'ada', role: 1 }, 'role must be text'],
  [{ userId: 'ada', tags: { team: 5 } }, 'tags.team must be text'],
  [{ userId: 'ada', priority: 'urgent' }, 'priority must be'],
  [{ userId: 'ada', limits: 5 }, 'limits must be an object'],
  [{ userId: 'ada', limits: { maxTokens: '5' } }, 'limits.maxTokens must be'],
  [{ userId: 'ada', limits: { models: 'm' } }, 'limits.models must be a list'],
  [{ userId: 'ada', expiresAtMs: new Date(0) }, 'expiresAtMs must be a number'],
  [{ userId: 'ada', expiresAtMs: NaN }, 'expiresAtMs must be a number'],
  [{ userId: 'ada', conversationId: 5 }, 'conversationId must be'],
]

test.each(doors.flatMap((door) => wrong.map((row) => [door, ...row] as const)))(
  'at %s, the caller %j is the mistake of the application, which its log explains',
  async (door, answer, words) => {
    const { status, text, logged } = await ask(door, answer)
    expect(status).toBe(503)
    expect(logged).toContain(words)
    expect(text).not.toContain('must be')
  },
)

test.each(
  doors.flatMap((door) => ['ada', true, 5, ['ada'], () => ({})].map((answer) => [door, answer] as const)),
)(
  'at %s, what is no caller is refused, and the log says what authorize returned: %s',
  async (door, answer) => {
    const { status, text, logged } = await ask(door, answer)
    expect(status).toBe(401)
    expect(logged).toContain('authorize returned')
    expect(text).not.toContain('authorize returned')
  },
)

test.each(doors.flatMap((door) => [undefined, null, false].map((answer) => [door, answer] as const)))(
  'at %s, %s refuses the request without a word about the application',
  async (door, answer) => {
    const { status, logged } = await ask(door, answer)
    expect(status).toBe(401)
    expect(logged).not.toContain('authorize returned')
  },
)

test('further fields of a caller are the own of the application', async () => {
  for (const door of doors)
    expect((await ask(door, { userId: 'ada', plan: { name: 'pro' }, expiresAtMs: Infinity })).status).toBe(
      200,
    )
})

test('a chat service needs callers with a name', async () => {
  const { status, text, logged } = await ask('a chat service', { id: 'ada' })
  expect([status, text]).toEqual([401, expect.stringContaining('sign in')])
  expect(logged).toContain('authorize returned no userId')
  expect((await ask('a chat service', { userId: '' })).status).toBe(401)
  const it = await host()
  onTestFinished(() => it[Symbol.asyncDispose]())
  expect(() => createChatHandler(it.chats, { authorize: 'open' })).toThrow("authorize is 'open'")
})
