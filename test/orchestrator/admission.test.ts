import { describe, expect, test } from 'vitest'
import { createOrchestrator, LlmError, type Transport } from 'llm-switchyard'
import { createFakeClock } from 'llm-switchyard/testing'

const messages = [{ role: 'user' as const, content: 'Hello' }]
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

/** Answers at once, with the usage given. */
function answering(totalTokens: number): { transport: Transport; sent: () => number } {
  let sent = 0
  const reply = {
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 5, completion_tokens: totalTokens - 5, total_tokens: totalTokens },
  }
  const transport: Transport = {
    send: async () => {
      sent++
      let read = false
      const body = {
        read: async () => {
          if (read) return null
          read = true
          return encode(reply)
        },
        cancel: () => undefined,
      }
      return { status: 200, header: () => 'application/json', body }
    },
  }
  return { transport, sent: () => sent }
}

describe('663 calls at once', () => {
  test.each([
    ['requests', { user: { requestsPerMinute: 100 }, burst: 1 }, 100],
    // What is reserved for each: about 5 for the turn, 90 for the answer.
    ['tokens', { user: { tokensPerMinute: 9_500 }, burst: 1 }, 102],
  ])('against a limit of %s: never more than allowed', async (_unit, limits, allowed) => {
    const { transport, sent } = answering(95)
    // A bucket that refills meanwhile would let more pass, and rightly.
    await using orchestrator = createOrchestrator({ limits, transport, clock: createFakeClock() })
    const call = () =>
      orchestrator.chatApiCall({ model: 'openai/m', apiKey: 'k', messages, userId: 'u', maxTokens: 90 })
    const outcomes = await Promise.allSettled(Array.from({ length: 663 }, call))
    const good = outcomes.filter(({ status }) => status === 'fulfilled').length
    expect(good).toBe(sent())
    expect(good).toBeLessThanOrEqual(allowed)
    expect(good).toBeGreaterThan(allowed * 0.9)
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected')
        expect(LlmError.is(outcome.reason, 'limit-exceeded') && outcome.reason.scope).toBe('user')
    }
    expect(orchestrator.stats().limits).toMatchObject({ open: 0 })
  })
})

describe('settlement', () => {
  test('measured usage gives back what was reserved and not used', async () => {
    const { transport } = answering(10)
    await using orchestrator = createOrchestrator({
      limits: { user: { tokensPerMinute: 1_000 }, burst: 1 },
      transport,
    })
    for (let turn = 0; turn < 20; turn++) {
      await orchestrator.chatApiCall({
        model: 'openai/m',
        apiKey: 'k',
        messages,
        userId: 'u',
        maxTokens: 500,
      })
    }
    expect(orchestrator.stats().succeeded).toBe(20)
  })

  test('a call larger than the bucket is refused for good, with its capacity', async () => {
    const { transport } = answering(10)
    await using orchestrator = createOrchestrator({
      limits: { user: { tokensPerMinute: 100 }, burst: 1 },
      transport,
    })
    const call = orchestrator.chatApiCall({
      model: 'openai/m',
      apiKey: 'k',
      messages,
      userId: 'u',
      maxTokens: 500,
    })
    const error = await call.catch((reason: unknown) => reason)
    expect(LlmError.is(error, 'limit-exceeded') && error.retryAfterMs).toBeUndefined()
    expect(String(error)).toContain('100')
  })

  test('a refused call costs no tokens, a call that was never sent costs nothing', async () => {
    const failing: Transport = {
      send: async () => ({
        status: 500,
        header: () => 'application/json',
        body: { read: async () => null, cancel: () => undefined },
      }),
    }
    await using orchestrator = createOrchestrator({
      limits: { user: { tokensPerMinute: 1_000, requestsPerMinute: 100 }, burst: 1 },
      transport: failing,
    })
    for (let turn = 0; turn < 5; turn++) {
      await expect(
        orchestrator.chatApiCall({ model: 'openai/m', apiKey: 'k', messages, userId: 'u', maxTokens: 900 }),
      ).rejects.toMatchObject({ kind: 'server-failed' })
    }
    await expect(
      orchestrator.chatApiCall({ model: 'mistral/m', apiKey: '', messages, userId: 'u' }),
    ).rejects.toMatchObject({ kind: 'misconfigured' })
    const { limits } = orchestrator.stats()
    expect(limits).toMatchObject({ open: 0, granted: 6, refused: 0 })
  })
})
