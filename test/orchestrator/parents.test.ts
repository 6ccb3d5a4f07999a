import { createOrchestrator, LlmError, type ChatRequest, type Orchestrator, type Stage } from 'llm-switchyard'
import { createJudgeModerator, type ModerationContext } from 'llm-switchyard/moderation'
import { createFakeProvider } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'

const messages = [{ role: 'user' as const, content: 'Hello' }]
const SAFE = '{"flagged":false,"categories":[]}'

interface Judged extends AsyncDisposable {
  readonly orchestrator: Orchestrator
  readonly asked: () => number
}

/** An orchestrator whose moderator on one side asks the same orchestrator. */
async function judged(side: 'input' | 'output', concurrency: number): Promise<Judged> {
  const provider = await createFakeProvider({ script: SAFE })
  const asking = { ask: (request: ChatRequest) => orchestrator.chatApiCall({ ...request, stream: false }) }
  const judge = createJudgeModerator({ ...asking, model: 'openai/judge' })
  const orchestrator: Orchestrator = createOrchestrator({
    providers: { openai: { baseUrl: provider.baseUrl('openai-chat'), apiKey: 'none' } },
    queue: { concurrency, maxPending: 0, timeoutMs: 0 },
    moderation: { [side]: { moderators: [judge], failure: 'closed', timeoutMs: 60_000 } },
    limits: { user: { requestsPerMinute: concurrency, burst: 1 } },
  })
  const close = async (): Promise<void> => {
    await orchestrator.close({ drainMs: 0 })
    await provider.close()
  }
  return { orchestrator, asked: () => provider.log.length, [Symbol.asyncDispose]: close }
}

describe('a judge that asks the orchestrator whose calls it judges', () => {
  for (const side of ['input', 'output'] as const)
    for (const concurrency of [1, 4])
      for (const stream of [false, true])
        test(`${side}, ${concurrency} at once, ${stream ? 'streamed' : 'whole'}: waits for no slot and is no request`, async () => {
          await using yard = await judged(side, concurrency)
          const ask = async (): Promise<string> => {
            const request = { model: 'openai/m', messages, userId: 'ada' }
            if (!stream) return (await yard.orchestrator.chatApiCall(request)).text
            const answer = await yard.orchestrator.chatApiCall({ ...request, stream: true })
            return (await answer.response).text
          }
          const texts = await Promise.all(Array.from({ length: concurrency }, ask))
          expect(texts).toEqual(Array.from({ length: concurrency }, () => SAFE))
          // Calls with the same text may share one judgement.
          expect(yard.asked()).toBeGreaterThan(concurrency)
          expect(yard.orchestrator.queue?.status()).toMatchObject({ running: 0, pending: 0 })
        })
})

/** Makes one call whose moderator on input makes another with `parent`, and returns what came of that one. */
async function within(
  parented: (orchestrator: Orchestrator, context: ModerationContext) => Promise<unknown>,
  request: Partial<ChatRequest> = {},
  use: readonly Stage[] = [],
): Promise<unknown> {
  await using provider = await createFakeProvider({ script: { text: 'Hi', pacing: { firstMs: 50 } } })
  let seen: Promise<unknown> | undefined
  const orchestrator: Orchestrator = createOrchestrator({
    providers: { openai: { baseUrl: provider.baseUrl('openai-chat'), apiKey: 'none' } },
    use: [...use],
    queue: { concurrency: 1 },
    moderation: {
      output: {
        moderators: [
          {
            name: 'asks',
            moderate: async (_text, context) => {
              seen ??= parented(orchestrator, context).catch((error: unknown) => error)
              await seen
              return []
            },
          },
        ],
        timeoutMs: 60_000,
      },
    },
  })
  await orchestrator
    .chatApiCall({ model: 'openai/m', messages, ...request, stream: false })
    .catch(() => undefined)
  const result = await seen
  await orchestrator.close({ drainMs: 0 })
  return result
}

test('a call within another one has its user, conversation and tags, unless it has its own', async () => {
  const ids = async (own: Partial<ChatRequest>): Promise<unknown> => {
    const seen: unknown[] = []
    const watch: Stage = {
      name: 'watch',
      at: 'call',
      run: (call, next) => {
        seen.push([call.userId, call.conversationId, call.tags])
        return next(call)
      },
    }
    const request = { userId: 'ada', conversationId: 'c1', tags: { team: 'a' } }
    const ask = async (orchestrator: Orchestrator, { parent }: ModerationContext): Promise<unknown> =>
      orchestrator.chatApiCall({
        model: 'openai/m',
        messages,
        moderation: false,
        parent,
        ...own,
        stream: false,
      })
    await within(ask, request, [watch])
    return seen[1]
  }
  await expect(ids({})).resolves.toEqual(['ada', 'c1', { team: 'a' }])
  await expect(ids({ userId: 'bob' })).resolves.toEqual(['bob', 'c1', { team: 'a' }])
})

test('a call within another one ends when that one is aborted', async () => {
  const abort = new AbortController()
  const error = await within(
    async (orchestrator, { parent }) => {
      const made = orchestrator.chatApiCall({
        model: 'openai/m',
        messages,
        moderation: false,
        parent,
        stream: false,
      })
      abort.abort()
      return made
    },
    { signal: abort.signal },
  )
  expect(LlmError.is(error, 'aborted')).toBe(true)
})

test('a parent that is none is refused with its path', async () => {
  const asked = { model: 'openai/m', apiKey: 'k', messages, parent: { requestId: 'x' } }
  const error = await createOrchestrator()
    .chatApiCall(asked as never)
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
  expect(LlmError.is(error, 'invalid-request') && error.message).toContain('parent')
})
