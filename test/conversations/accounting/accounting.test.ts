import { createOrchestrator, defineTool, LlmError, type Usage } from 'llm-switchyard'
import {
  createChatService,
  type ChatService,
  type Identity,
  type TurnResult,
} from 'llm-switchyard/conversations'
import { createMemoryStore } from 'llm-switchyard/persistence/memory'
import { createSqliteStore } from 'llm-switchyard/persistence/sqlite'
import type { FakeReply, FakeRequest } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'
import { chance } from '../../chance.ts'
import { seedOf, sized } from '../../proof.ts'
import { recordedFetch, type Written } from './recorded.ts'

const TURNS = sized(240, 5_000)
const AT_ONCE = 8
const WORDS =
  'The yard was quiet that night, and from the office we could hear the last trains come in, one after the other.'.split(
    ' ',
  )
const PRICES: Readonly<Record<string, number>> = { main: 2e-6, spare: 5e-6 }

const users: readonly Identity[] = ['one', 'two', undefined].flatMap((orgId) =>
  ['ada', 'bob', 'cyd'].map((userId) => ({ userId, orgId })),
)

/** The tool rounds of the newest turn. */
function rounds(turns: FakeRequest['turns']): number {
  const from = turns.findLastIndex(({ role }) => role === 'user')
  return turns.slice(from).filter(({ role }) => role === 'tool').length
}

/** What the provider does with a turn, told by a word in its message, so that a repeated request meets the same. */
const behaviours: Readonly<Record<string, (request: FakeRequest, text: string) => FakeReply>> = {
  reported: (_request, text) => ({ text }),
  silent: (_request, text) => ({ text, usage: false }),
  tools: ({ turns }, text) =>
    rounds(turns) < 2
      ? {
          text: 'Let me look.',
          toolCalls: [{ name: 'look', arguments: { at: `track ${turns.length}` } }],
        }
      : { text },
  'tools-broken': ({ turns }, text) =>
    turns.at(-1)?.role !== 'tool'
      ? { toolCalls: [{ name: 'look', arguments: { at: 'here' } }] }
      : { text, chaos: { type: 'cut', at: 'middle' } },
  cut: (_request, text) => ({ text, chaos: { type: 'cut', at: 'middle', by: 'reset' } }),
  'cut-early': (_request, text) => ({ text, chaos: { type: 'cut', at: 'content' } }),
  error: (_request, text) => ({ text, chaos: { type: 'error', at: 'middle', error: 'overloaded' } }),
  refused: () => ({ error: 'invalid-request' }),
  fallback: ({ model }, text) => (model === 'main' ? { error: 'overloaded' } : { text }),
  'fallback-silent': ({ model }, text) =>
    model === 'main' ? { text, chaos: { type: 'cut', at: 'content' } } : { text, usage: false },
  slow: (_request, text) => ({ text, pacing: { firstMs: 4, betweenMs: 1 } }),
}

type Ending = 'read' | 'whole' | 'left' | 'aborted' | 'deleted'
const endings: readonly Ending[] = ['read', 'whole', 'whole', 'left', 'aborted', 'deleted']

function reply(request: FakeRequest): FakeReply {
  const [, name = 'reported', length = '20'] = /^(\S+) (\d+)/.exec(request.prompt) ?? []
  const text = Array.from({ length: Number(length) }, (_item, at) => WORDS[at % WORDS.length]).join(' ')
  const behaviour = behaviours[name] ?? behaviours['reported']
  return behaviour?.(request, text) ?? { text }
}

const look = defineTool({
  name: 'look',
  description: 'Looks at a place.',
  parameters: { type: 'object', properties: { at: { type: 'string' } }, required: ['at'] },
  execute: () => 'Nothing stands there.',
})

const cost = (
  { inputTokens, outputTokens }: Pick<Usage, 'inputTokens' | 'outputTokens'>,
  model: string,
): number => (inputTokens + 3 * outputTokens) * (PRICES[model] ?? 0)

const stores = { memory: () => createMemoryStore(), sqlite: () => createSqliteStore({ path: ':memory:' }) }

describe.each(Object.entries(stores))('what turns cost, on the %s store', (_name, makeStore) => {
  test('is one figure in what callers are told, limits, budgets and totals, and what the provider wrote', async () => {
    const random = chance(seedOf('accounting'))
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
    const provider = recordedFetch(reply)
    const yard = { extends: 'openai-compatible', baseUrl: 'http://fake.test/openai/v1', apiKey: 'key' }
    const budget = { per: 'month', tokens: 1e12, costUsd: 1e9 } as const
    await using orchestrator = createOrchestrator({
      providers: { yard },
      fetch: provider.fetch,
      fallback: ['yard/spare'],
      retry: { attempts: 3, backoffMs: 0 },
      queue: { concurrency: AT_ONCE },
      limits: {
        budgets: [
          { ...budget, scope: 'user' },
          { ...budget, scope: 'global' },
        ],
      },
      costUsd: (usage, { model }) => cost(usage, model),
    })
    await using store = makeStore()
    const chats = createChatService({ orchestrator, store, defaults: { model: 'yard/main' } })
    const turns = new Turns(chats, { pick, random })
    let left = TURNS
    const worker = async (): Promise<void> => {
      while (left-- > 0) await turns.one()
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    await chats.settled()
    await expect.poll(() => orchestrator.stats()).toMatchObject({ active: 0, limits: { open: 0 } })

    const totals = await Promise.all(users.map((user) => store.usage.get({ ...user })))
    const budgets = await Promise.all(
      users.map(
        async ({ userId, orgId }) =>
          (await orchestrator.limiter?.snapshot({ user: userId, tenant: orgId }))?.budgets ?? [],
      ),
    )
    const ofUser = budgets.map((list) => list.filter(({ scope }) => scope === 'user').map(({ used }) => used))
    for (const [at, user] of users.entries()) {
      expect([user, ofUser[at]?.[0]]).toEqual([user, totals[at]?.totalTokens])
      expect(ofUser[at]?.[1]).toBeCloseTo(totals[at]?.costUsd ?? NaN, 6)
    }
    const [tokens, costUsd] = (budgets[0] ?? [])
      .filter(({ scope }) => scope === 'global')
      .map(({ used }) => used)
    const { limits } = orchestrator.stats()
    const stored = totals.reduce((sum, { totalTokens }) => sum + totalTokens, 0)
    const truth = truthOf(provider.written())
    console.log(
      JSON.stringify({
        turns: TURNS,
        ...turns.counts,
        stored,
        told: turns.told,
        limits: limits?.chargedTokens,
        estimated: limits?.estimatedTokens,
        truth,
        costUsd,
      }),
    )
    expect(tokens).toBe(stored)
    expect(limits?.chargedTokens).toBe(stored)
    expect(turns.told).toBe(stored)
    const costs = totals.reduce((sum, of) => sum + of.costUsd, 0)
    expect(costUsd).toBeCloseTo(costs, 6)
    // What the provider reported is charged to the token; the rest is an estimate, counted apart.
    expect(stored - (limits?.estimatedTokens ?? 0)).toBe(truth.reported)
    const ratio = (limits?.estimatedTokens ?? 0) / truth.estimated
    expect(ratio).toBeGreaterThan(0.8)
    expect(ratio).toBeLessThan(1.2)
    await chats.close({ drainMs: 0 })
  })
})

/** The tokens that are to be charged: those reported, and those to be estimated by the rules of charges. */
function truthOf(written: readonly Written[]): { reported: number; estimated: number } {
  const sum = { reported: 0, estimated: 0 }
  for (const { reported, inputTokens, outputTokens, isLeft, isComplete } of written) {
    if (reported !== undefined) sum.reported += reported.inputTokens + reported.outputTokens
    else if (isLeft || isComplete) sum.estimated += inputTokens + outputTokens
    else sum.estimated += outputTokens
  }
  return sum
}

interface Draw {
  pick<T>(list: readonly T[]): T
  random(): number
}

/** Mixed turns of all users, and the sum of what their callers were told. */
class Turns {
  told = 0
  readonly counts: Record<string, number> = {}
  readonly #chats: ChatService
  readonly #draw: Draw
  readonly #open = new Map<Identity, string[]>()

  constructor(chats: ChatService, draw: Draw) {
    this.#chats = chats
    this.#draw = draw
  }

  async one(): Promise<void> {
    const { pick, random } = this.#draw
    const identity = pick(users)
    const ending = pick(endings)
    const behaviour = pick(Object.keys(behaviours))
    const message = `${behaviour} ${10 + Math.floor(random() * 60)} please`
    const conversationId = random() < 0.6 ? this.#open.get(identity)?.at(-1) : undefined
    const after = 1 + Math.floor(random() * 12)
    this.counts[ending] = (this.counts[ending] ?? 0) + 1
    const request = { identity, message, conversationId, tools: [look] }
    if (ending === 'whole') await this.#told(this.#chats.send(request), identity)
    else await this.#streamed(request, { ending, after })
    if (random() < 0.05) await this.#forget(identity)
  }

  async #streamed(
    request: Parameters<ChatService['stream']>[0],
    { ending, after }: { readonly ending: Ending; readonly after: number },
  ): Promise<void> {
    const abort = new AbortController()
    const early = ending === 'aborted' && after % 3 === 0
    const opened = this.#chats.stream({ ...request, signal: abort.signal })
    if (early) setImmediate(() => abort.abort())
    const stream = await opened.catch((error: unknown) => {
      this.#add(error)
    })
    if (stream === undefined) return
    const turn = this.#told(stream.turn, request.identity)
    let events = 0
    try {
      for await (const event of stream) {
        if (event.type === 'start' && ending === 'deleted')
          await this.#chats
            .delete({ identity: request.identity, conversationId: stream.conversationId })
            .catch(() => undefined)
        if (++events < after) continue
        if (ending === 'left') break
        if (ending === 'aborted') abort.abort()
      }
    } catch {
      // The turn tells it.
    }
    await turn
  }

  async #told(turn: Promise<TurnResult>, identity: Identity): Promise<void> {
    try {
      const { totalUsage, conversationId } = await turn
      this.#opened(identity, conversationId)
      this.told += totalUsage.totalTokens
    } catch (error) {
      this.#add(error)
    }
  }

  #add(error: unknown): void {
    if (!LlmError.is(error)) throw error
    const { partial } = error
    this.counts[error.kind] = (this.counts[error.kind] ?? 0) + 1
    this.told += partial?.usage.totalTokens ?? 0
  }

  #opened(identity: Identity, id: string): void {
    const open = this.#open.get(identity) ?? []
    if (!open.includes(id)) this.#open.set(identity, [...open, id].slice(-3))
  }

  async #forget(identity: Identity): Promise<void> {
    const id = this.#open.get(identity)?.pop()
    if (id !== undefined) await this.#chats.delete({ identity, conversationId: id }).catch(() => undefined)
  }
}
