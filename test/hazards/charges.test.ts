import { describe, expect, test } from 'vitest'
import { createOrchestrator, LlmError, type ChatResponse, type Usage } from 'llm-switchyard'
import { createFakeProvider, type FakeReply } from 'llm-switchyard/testing'
import { at, spoken } from './dialects.ts'

const messages = [{ role: 'user' as const, content: 'Tell me a long story, please.' }]
const TEXT = 'Once upon a time there was a yard, and it had a great many tracks. '.repeat(3)
const PRICE = { in: 2, out: 3 }

interface Ending {
  readonly reply: FakeReply
  /** Ends the call from the caller's side. Default: the answer is read to its end. */
  readonly leave?: 'before-content' | 'after-content'
  readonly streamed?: boolean
  /** What the charge must be, besides what `usage` tells. */
  readonly charged: (usage: Usage) => boolean
}

const REPORTED = { inputTokens: 700, outputTokens: 300 }
const nothing = ({ totalTokens }: Usage): boolean => totalTokens === 0
const reported = ({ totalTokens, estimated }: Usage): boolean => totalTokens === 1000 && estimated !== true
const isEstimate = ({ inputTokens, outputTokens, estimated }: Usage): boolean =>
  inputTokens > 0 && inputTokens < 30 && outputTokens > 30 && outputTokens < 80 && estimated === true
const outputAlone = ({ inputTokens, outputTokens, estimated }: Usage): boolean =>
  inputTokens === 0 && outputTokens > 0 && outputTokens < 80 && estimated === true
const inputAlone = ({ inputTokens, outputTokens, estimated }: Usage): boolean =>
  inputTokens > 0 && inputTokens < 30 && outputTokens === 0 && estimated === true
const inputAndWritten = ({ inputTokens, outputTokens, estimated }: Usage): boolean =>
  inputTokens > 0 && outputTokens > 0 && outputTokens < 80 && estimated === true

const slow = { pacing: { betweenMs: 20 } }
const endings: readonly (readonly [name: string, ending: Ending])[] = [
  ['complete and reported', { reply: { text: TEXT, usage: REPORTED }, charged: reported }],
  ['whole and reported', { reply: { text: TEXT, usage: REPORTED }, streamed: false, charged: reported }],
  ['complete and not reported', { reply: { text: TEXT, usage: false }, charged: isEstimate }],
  ['whole and not reported', { reply: { text: TEXT, usage: false }, streamed: false, charged: isEstimate }],
  [
    'left by the caller before any content',
    { reply: { text: TEXT, pacing: { firstMs: 60_000 } }, leave: 'before-content', charged: inputAlone },
  ],
  [
    'left by the caller after some content',
    { reply: { text: TEXT, usage: REPORTED, ...slow }, leave: 'after-content', charged: inputAndWritten },
  ],
  [
    'broken by the provider before any content',
    { reply: { text: TEXT, chaos: { type: 'cut', at: 'content' } }, charged: nothing },
  ],
  [
    'broken by the provider in the middle',
    { reply: { text: TEXT, usage: REPORTED, chaos: { type: 'cut', at: 'middle' } }, charged: outputAlone },
  ],
  [
    'an error of the provider after content',
    {
      reply: { text: TEXT, usage: REPORTED, chaos: { type: 'error', at: 'middle', error: 'overloaded' } },
      charged: outputAlone,
    },
  ],
  ['refused by the provider', { reply: { error: 'invalid-request' }, charged: nothing }],
]

const used = async (orchestrator: ReturnType<typeof createOrchestrator>): Promise<number[]> => {
  const { budgets } = (await orchestrator.limiter?.snapshot({ user: 'u' })) ?? { budgets: [] }
  return budgets.map((budget) => budget.used)
}

async function run(dialect: string, { reply, leave, streamed = true }: Ending): Promise<[Usage, number[]]> {
  const controller = new AbortController()
  await using fake = await createFakeProvider({
    script: () => {
      if (leave === 'before-content') setImmediate(() => controller.abort())
      return reply
    },
  })
  await using orchestrator = createOrchestrator({
    costUsd: ({ inputTokens, outputTokens }) => inputTokens * PRICE.in + outputTokens * PRICE.out,
    limits: {
      user: { tokensPerMinute: 1_000_000 },
      budgets: [{ scope: 'user', per: 'month', tokens: 1_000_000, costUsd: 10_000_000 }],
    },
  })
  const call = { ...at(fake, dialect), messages, userId: 'u', maxTokens: 5_000, signal: controller.signal }
  const end = async (): Promise<ChatResponse> => {
    if (!streamed) return orchestrator.chatApiCall(call)
    const stream = await orchestrator.chatApiCall({ ...call, stream: true })
    for await (const { type } of stream) if (type === 'text-delta' && leave === 'after-content') break
    return stream.response
  }
  const told = await end().then(
    ({ usage }) => usage,
    (error: unknown) => {
      if (!LlmError.is(error)) throw error
      return error.partial?.usage ?? { inputTokens: 0, outputTokens: 0, totalTokens: 0 }
    },
  )
  return [told, await used(orchestrator)]
}

describe.each(spoken)('what a call of %s is charged', (dialect) => {
  test.each(endings)('%s', async (_name, ending) => {
    const [usage, [tokens, cost]] = await run(dialect, ending)
    // Kobold's format has no usage.
    const isUnreported = dialect === 'kobold' && ending.charged === reported
    expect(usage).toSatisfy(isUnreported ? isEstimate : ending.charged)
    expect(tokens).toBe(usage.totalTokens)
    expect(cost).toBeCloseTo(usage.inputTokens * PRICE.in + usage.outputTokens * PRICE.out, 6)
  })
})
