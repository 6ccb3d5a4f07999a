import { createOrchestrator, LlmError, type Orchestrator } from 'llm-switchyard'
import { createChatService, type ChatServiceOptions, type ChatStore } from 'llm-switchyard/conversations'
import { createMemoryStore } from 'llm-switchyard/persistence/memory'
import { fakeFetch } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'

// A store and functions of the application that stop to answer end no turn late, hold no slot and keep no service open.

const identity = { userId: 'ada' }
const never = (): never => new Promise(() => undefined) as never
const parts = ['conversations', 'messages', 'usage'] as const

interface Frozen {
  readonly store: ChatStore
  freeze(): void
}

/** A store that stops to answer one method: `messages.append`, or `transaction` itself. */
function freezing(method: string): Frozen {
  const real = createMemoryStore()
  let isFrozen = false
  const wrap = <T extends object>(of: T, path: string): T =>
    new Proxy(of, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target)
        const here = `${path}${String(name)}`
        if ((parts as readonly string[]).includes(here)) return wrap(value as object, `${here}.`)
        if (typeof value !== 'function') return value
        return (...args: unknown[]): unknown => {
          if (isFrozen && here === method) return never()
          const [work, ...rest] = args
          if (here !== 'transaction') return value.apply(target, args)
          return value.call(
            target,
            (unit: object) => (work as (of: object) => unknown)(wrap(unit, '')),
            ...rest,
          )
        }
      },
    })
  return { store: wrap(real, ''), freeze: () => void (isFrozen = true) }
}

function yard(options: { readonly totalMs?: number } = {}): Orchestrator {
  return createOrchestrator({
    providers: { a: { extends: 'openai-compatible', baseUrl: 'http://fake.test/openai/v1', apiKey: 'key' } },
    fetch: fakeFetch('Hello'),
    queue: { concurrency: 2 },
    timeouts: { totalMs: options.totalMs ?? 60_000 },
  })
}

async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'ok'
  } catch (error) {
    return LlmError.is(error) ? error.kind : 'no LlmError'
  }
}

const frozen = ['conversations.get', 'messages.history', 'transaction', 'messages.append', 'usage.add']
const cases = frozen.flatMap((method) => [
  { method, by: 'signal', ends: 'aborted' },
  { method, by: 'storeTimeoutMs', ends: 'overloaded' },
])

describe.each(cases)('$method of the store stops to answer', ({ method, by, ends }) => {
  test.each(['send', 'stream', 'regenerate'] as const)(
    `%s ends by ${by}; the slot is free, and all close`,
    async (how) => {
      const { store, freeze } = freezing(method)
      const orchestrator = yard()
      const storeTimeoutMs = by === 'signal' ? Infinity : 50
      const chats = createChatService({ orchestrator, store, storeTimeoutMs, defaults: { model: 'a/m' } })
      const first = await chats.send({ identity, message: 'one' })
      freeze()
      const { conversationId, userMessageId: messageId } = first
      const signal = by === 'signal' ? AbortSignal.timeout(50) : undefined
      const work =
        how === 'regenerate'
          ? chats.regenerate({ identity, conversationId, messageId, signal })
          : how === 'send'
            ? chats.send({ identity, conversationId, message: 'two', signal })
            : chats.stream({ identity, conversationId, message: 'two', signal }).then((stream) => stream.turn)
      expect(await outcomeOf(work)).toBe(ends)
      await expect.poll(() => orchestrator.stats().queue?.running).toBe(0)
      await chats.close({ drainMs: 0 })
      await orchestrator.close({ drainMs: 0 })
    },
  )
})

const planned: Record<string, Partial<ChatServiceOptions>> = {
  persona: { persona: never },
  composer: { composer: { compose: never } },
  'texts.system': { texts: { system: never } },
  'texts.message': { texts: { message: never } },
}
describe.each(Object.entries(planned))('%s never answers', (_name, options) => {
  test.each([
    ['signal', 'aborted'],
    ['totalMs', 'timeout'],
  ])('a turn ends by %s', async (by, ends) => {
    await using orchestrator = yard()
    const store = createMemoryStore()
    const defaults = { model: 'a/m' }
    const chats = createChatService({ orchestrator, store, defaults, ...options })
    const bounds = by === 'signal' ? { signal: AbortSignal.timeout(50) } : { timeouts: { totalMs: 50 } }
    const turn = chats.send({ identity, message: 'Hi', system: 'Be kind.', persona: 'p', ...bounds })
    expect(await outcomeOf(turn)).toBe(ends)
    await chats.close({ drainMs: 0 })
  })
})

test('an audit sink that never answers does not keep the service open', async () => {
  await using orchestrator = yard()
  const store = createMemoryStore()
  const chats = createChatService({ orchestrator, store, defaults: { model: 'a/m' }, audit: { sink: never } })
  expect(await chats.send({ identity, message: 'Hi' })).toMatchObject({ content: 'Hello' })
  await chats.close({ drainMs: 0 })
})

test('a turn tells its attempts, and whether a fallback answered', async () => {
  const broken: typeof globalThis.fetch = async () => new Response('{}', { status: 500 })
  const provider = { extends: 'openai-compatible', baseUrl: 'http://fake.test/openai/v1', apiKey: 'key' }
  await using orchestrator = createOrchestrator({
    providers: { a: { ...provider, fetch: broken }, b: { ...provider, fetch: fakeFetch('Hello') } },
    fallback: ['b/m'],
  })
  await using chats = createChatService({ orchestrator, store: createMemoryStore() })
  const direct = await chats.send({ identity, message: 'Hi', model: 'b/m' })
  expect(direct).toMatchObject({ usedFallback: false, attempts: [{ provider: 'b' }] })
  const fallen = await chats.send({ identity, message: 'Hi', model: 'a/m' })
  const [first, last] = [{ provider: 'a', error: { kind: 'server-failed' } }, { provider: 'b' }]
  expect(fallen).toMatchObject({ usedFallback: true, attempts: [first, last] })
})

test.each([
  ['whole', false],
  ['streamed', true],
])(
  'texts.answer that never answers: the %s answer is kept as it came when the time is over',
  async (_how, stream) => {
    await using orchestrator = createOrchestrator({
      providers: { openai: { apiKey: 'k' } },
      fetch: fakeFetch('Hello'),
      queue: { concurrency: 1 },
    })
    await using store = createMemoryStore()
    await using chats = createChatService({
      orchestrator,
      store,
      defaults: { model: 'openai/m' },
      texts: { answer: never },
    })
    const request = { identity, message: 'Hi', timeouts: { totalMs: 100 } }
    const turn = stream ? await (await chats.stream(request)).turn : await chats.send(request)
    expect(turn.content).toBe('Hello')
    const { messages } = await chats.get({ identity, conversationId: turn.conversationId })
    expect(messages.map(({ content, partial }) => ({ content, partial }))).toEqual([
      { content: 'Hi', partial: false },
      { content: 'Hello', partial: false },
    ])
    expect(orchestrator.queue?.status().running).toBe(0)
  },
)
