import { describe, expect, onTestFinished, test } from 'vitest'
import { createOrchestrator, type OrchestratorOptions } from 'llm-switchyard'
import { createChatService } from 'llm-switchyard/conversations'
import { createChatHandler, createOpenAIHandler, type ChatHandlerOptions } from 'llm-switchyard/http'
import { createMemoryStore } from 'llm-switchyard/persistence/memory'
import { createFakeProvider, fakeFetch, type FakeScript } from 'llm-switchyard/testing'
import { callerKey, conversationKey } from '../../src/core/caller-key.ts'

const TEXTS = [
  undefined,
  '',
  'a',
  '/',
  '@',
  '%',
  'a/a',
  '@a/a',
  '@/a',
  '@a@a/a',
  'a@a',
  '%64',
  '@%47/',
  '@@/',
]

/** Checks that whatever has one key is one and the same. */
function expectApart(known: ReadonlyMap<string, Set<string>>): void {
  for (const owners of known.values()) expect([...owners]).toHaveLength(1)
}

function note(known: Map<string, Set<string>>, key: string | undefined, owner: readonly unknown[]): void {
  if (key === undefined) return
  const owners = known.get(key) ?? new Set()
  known.set(key, owners.add(JSON.stringify(owner)))
}

describe('keys', () => {
  test('two callers never have one key', () => {
    const known = new Map<string, Set<string>>()
    for (const user of TEXTS)
      for (const tenant of TEXTS)
        for (const anonymous of [false, true])
          note(known, callerKey({ user, tenant, anonymous }), [user || '', tenant || ''])
    expectApart(known)
  })

  test('two conversations never have one key; an unchecked one is the caller’s', () => {
    const known = new Map<string, Set<string>>()
    for (const user of TEXTS)
      for (const tenant of TEXTS)
        for (const conversation of TEXTS)
          for (const conversationChecked of [false, true]) {
            const key = conversationKey({ user, tenant, conversation, conversationChecked })
            note(known, key, [tenant || '', conversation, conversationChecked ? '' : user || ''])
          }
    expectApart(known)
  })
})

interface Host {
  readonly ask: (as: string, conversation: string) => Promise<number>
}
type Serve = (options: OrchestratorOptions) => Promise<Host>

const who = (request: Request): { tenant?: string; userId?: string } => {
  const [tenant, userId] = (request.headers.get('authorization') ?? '').split('/')
  return { ...(tenant && { tenant }), ...(userId && { userId }) }
}

function post(path: string, as: string, body: object): Request {
  const headers = { 'content-type': 'application/json', authorization: as }
  return new Request(`http://any${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
}

async function yard(options: OrchestratorOptions, script: FakeScript = 'Hello.') {
  const fake = await createFakeProvider({ script })
  const baseUrl = fake.baseUrl('openai-chat')
  const orchestrator = createOrchestrator({ ...options, providers: { openai: { apiKey: 'k', baseUrl } } })
  onTestFinished(async () => {
    await orchestrator.close({ drainMs: 0 })
    await fake.close()
  })
  return orchestrator
}

const model = 'openai/gpt-4.1-mini'
const messages = [{ role: 'user', content: 'Hi' }]
const gatewayAt =
  (path: string, body: object): Serve =>
  async (options) => {
    const handler = createOpenAIHandler(await yard(options), { authorize: who })
    return {
      ask: async (as, conversation) =>
        (await handler(post(path, as, { ...body, conversation_id: conversation }))).status,
    }
  }
const chatAt =
  (stream: boolean): Serve =>
  async (options) => {
    const handler = createChatHandler(await yard(options), { authorize: who, defaults: { model } })
    onTestFinished(() => handler.close())
    return {
      ask: async (as, conversationId) => {
        const response = await handler(post('/api/chat', as, { messages, conversationId, stream }))
        await response.text()
        return response.status
      },
    }
  }

const doors: Readonly<Record<string, Serve>> = {
  'chat completions': gatewayAt('/v1/chat/completions', { model, messages }),
  responses: gatewayAt('/v1/responses', { model, input: 'Hi' }),
  messages: gatewayAt('/v1/messages', { model, messages, max_tokens: 100 }),
  'a chat, streamed': chatAt(true),
  'a chat, whole': chatAt(false),
}

describe.each(Object.entries(doors))('%s', (_name, serve) => {
  const three = { requestsPerMinute: 3 }
  const spend = async ({ ask }: Host, as: string, conversation: string): Promise<void> => {
    for (let call = 0; call < 3; call++) expect(await ask(as, conversation)).toBe(200)
    expect(await ask(as, conversation)).toBe(429)
  }

  test('a stranger cannot use up the limit of another’s conversation', async () => {
    const host = await serve({ limits: { conversation: three, burst: 1 } })
    await spend(host, 'acme/mallory', 'c-of-alice')
    expect(await host.ask('acme/alice', 'c-of-alice')).toBe(200)
    expect(await host.ask('globex/mallory', 'c-of-alice')).toBe(200)
    expect(await host.ask('/', 'c-of-alice')).toBe(200)
  })

  test('one user name of two tenants is two users, in limits and in budgets', async () => {
    const budgets = [{ scope: 'user', per: 'day', requests: 3 }] as const
    for (const limits of [{ user: three, burst: 1 }, { budgets }]) {
      const host = await serve({ limits })
      for (let call = 0; call < 3; call++) expect(await host.ask('acme/admin', 'c')).toBe(200)
      expect(await host.ask('acme/admin', 'c')).not.toBe(200)
      expect(await host.ask('globex/admin', 'c')).toBe(200)
      expect(await host.ask('/admin', 'c')).toBe(200)
    }
  })

  test('callers without an id are one user of their tenant', async () => {
    const host = await serve({ limits: { user: three, burst: 1 } })
    await spend(host, '/', 'c')
    expect(await host.ask('/', 'another')).toBe(429)
    expect(await host.ask('acme/', 'c')).toBe(200)
    expect(await host.ask('/alice', 'c')).toBe(200)
  })
})

test('a maximum of running calls is one for each user of each tenant', async () => {
  const script = { text: 'Hello.', chaos: { type: 'hang', at: 'content' } } as const
  const orchestrator = await yard({ queue: { concurrency: 10, perUser: 1, maxPending: 0 } }, script)
  const call = { model, messages: [{ role: 'user' as const, content: 'Hi' }], userId: 'admin' }
  const controller = new AbortController()
  const start = (more: object): Promise<unknown> =>
    orchestrator.chatApiCall({ ...call, ...more, signal: controller.signal })
  const running = [start({ tags: { tenant: 'acme' } }), start({ tags: { tenant: 'globex' } })]
  await expect(start({ tags: { tenant: 'acme' } })).rejects.toMatchObject({ kind: 'queue-full' })
  running.push(start({ userId: undefined, anonymous: true }))
  await expect(start({ userId: undefined, anonymous: true })).rejects.toMatchObject({ kind: 'queue-full' })
  controller.abort()
  for (const { status } of await Promise.allSettled(running)) expect(status).toBe('rejected')
})

test('members of a conversation of the chat service share its limit; a direct call does not spend it', async () => {
  const orchestrator = await yard({ limits: { conversation: { requestsPerMinute: 3 }, burst: 1 } })
  const chats = createChatService({ orchestrator, store: createMemoryStore(), defaults: { model } })
  const identity = { userId: 'alice', orgId: 'acme' }
  const { id: conversationId } = await chats.create({ identity })
  await chats.setMember({ identity, conversationId, member: { userId: 'bob', role: 'editor' } })
  const call = { model, messages: [{ role: 'user' as const, content: 'Hi' }], conversationId }
  for (let count = 0; count < 3; count++)
    await orchestrator.chatApiCall({ ...call, userId: 'mallory', tags: { tenant: 'acme' } })
  const send = (userId: string): Promise<unknown> =>
    chats.send({ identity: { ...identity, userId }, conversationId, message: 'Hi' })
  for (const userId of ['alice', 'bob', 'alice']) await send(userId)
  await expect(send('bob')).rejects.toMatchObject({ kind: 'limit-exceeded', scope: 'conversation' })
  await chats.settled()
})

describe('streams', () => {
  async function open(options: Partial<ChatHandlerOptions> = {}) {
    const script = { text: 'Hello.', chaos: { type: 'hang', at: 'content' } } as const
    const handler = createChatHandler(await yard({}, script), {
      authorize: who,
      defaults: { model },
      onClientGone: 'finish',
      ...options,
    })
    onTestFinished(() => handler.close())
    const start = async (as: string, conversationId: string): Promise<Response> => {
      const response = await handler(post('/api/chat', as, { messages, conversationId }))
      await response.body?.cancel()
      return response
    }
    return { handler, start }
  }

  test.each([
    ['open to all', { authorize: 'open' as const }, ''],
    ['without an id', {}, ''],
    ['of a tenant, without an id', {}, 'acme/'],
    ['with an id', {}, 'acme/admin'],
  ])('of callers %s are at most ten at once; they take no place of others', async (_name, options, as) => {
    const { start } = await open(options)
    for (let count = 0; count < 10; count++) expect((await start(as, `c${count}`)).status).toBe(200)
    expect((await start(as, 'one more')).status).toBe(429)
    if ('authorize' in options) return
    expect((await start('globex/admin', 'c')).status).toBe(200)
    expect((await start('globex/', 'c')).status).toBe(200)
  })

  test('have a maximum of readers, and of readers of one caller', async () => {
    const { handler, start } = await open()
    const first = await start('acme/admin', 'c')
    const id = first.headers.get('x-stream-id') ?? ''
    const read = (): Promise<Response> =>
      handler(new Request(`http://any/api/chat/${id}/stream`, { headers: { authorization: 'acme/admin' } }))
    const readers: Response[] = []
    for (let count = 0; count < 40; count++) readers.push(await read())
    const refused = readers.filter(({ status }) => status === 429)
    expect(refused).toHaveLength(24)
    expect(refused[0]?.headers.get('retry-after')).toBe('1')
    for (const { body } of readers) await body?.cancel()
    expect(handler.runs.stats().readers).toBe(0)
    expect((await read()).status).toBe(200)
  })
})

test('the first call without a user is logged if users have limits, and no other', async () => {
  const lines: string[] = []
  const silent = (): void => undefined
  const logger = {
    debug: silent,
    info: silent,
    error: silent,
    warn: (_fields: object, line: string) => void lines.push(line),
  }
  const calls = [{}, {}, { userId: 'ada' }, { anonymous: true }]
  const said = [{ role: 'user' as const, content: 'Hi' }]
  for (const [limits, expected] of [
    [{ user: { requestsPerMinute: 60 } }, 1],
    [{ budgets: [{ scope: 'user', per: 'day' as const, requests: 60 }] }, 1],
    [{ global: { requestsPerMinute: 60 } }, 0],
  ] as const) {
    lines.length = 0
    await using orchestrator = createOrchestrator({
      providers: {
        a: { extends: 'openai-compatible', baseUrl: 'http://fake.test/openai/v1', apiKey: 'key' },
      },
      fetch: fakeFetch('Hello'),
      limits,
      logger,
    })
    for (const caller of calls) await orchestrator.chatApiCall({ model: 'a/m', messages: said, ...caller })
    expect(lines.filter((line) => line.includes('userId'))).toHaveLength(expected)
  }
})
