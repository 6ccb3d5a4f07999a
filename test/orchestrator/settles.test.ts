import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { createOrchestrator, LlmError, type Transport } from 'llm-switchyard'
import { type HttpResponse } from 'llm-switchyard/adapter'
import { chance } from '../chance.ts'
import { chunk, DONE, text } from '../loopback.ts'
import { seedOf, sized } from '../proof.ts'

const bytes = (value: string): Uint8Array => new TextEncoder().encode(value)
const CALLS = sized(1_000, 10_000)
const messages = [{ role: 'user' as const, content: 'Hello' }]

/** A provider that fails in every way, at random. */
function unreliable(random: () => number): Transport {
  const whole = [text('Hel'), text('lo'), chunk({}, 'stop') + DONE]
  const reply = (
    status: number,
    pieces: readonly string[],
    ending: 'end' | 'reset' | 'hang',
  ): HttpResponse => {
    let at = 0
    let release: (() => void) | undefined
    return {
      status,
      header: (name) =>
        name === 'content-type' ? (status === 200 ? 'text/event-stream' : 'application/json') : undefined,
      body: {
        read: async () => {
          if (at < pieces.length) return bytes(pieces[at++] as string)
          if (ending === 'reset') throw new Error('reset')
          if (ending === 'hang') await new Promise<void>((resolve) => (release = resolve))
          return null
        },
        cancel: () => {
          at = pieces.length
          release?.()
        },
      },
    }
  }
  return {
    send: async (_request, { signal }) => {
      const draw = random()
      if (draw < 0.1) throw new TypeError('fetch failed')
      if (draw < 0.2) return reply(500, ['{"error":{"message":"down"}}'], 'end')
      if (draw < 0.25) return reply(429, ['{"error":{"message":"slow","code":"rate_limit"}}'], 'end')
      if (draw < 0.3) return reply(400, ['{"error":{"message":"no"}}'], 'end')
      if (draw < 0.4) return reply(200, whole.slice(0, 1), 'reset')
      if (draw < 0.5) return reply(200, whole.slice(0, 2), 'end')
      if (draw < 0.55) return reply(200, whole.slice(0, 1), 'hang')
      if (draw < 0.6)
        return new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        )
      return reply(200, whole, 'end')
    },
  }
}

test(`${CALLS} mixed calls with faults and aborts settle exactly once; nothing is left`, async () => {
  const random = chance(seedOf('mixed calls'))
  const orchestrator = createOrchestrator({
    providers: { a: { extends: 'openai', apiKey: 'k' }, b: { extends: 'openai', apiKey: ['k1', 'k2'] } },
    transport: unreliable(random),
    fallback: ['b/m'],
    retry: { attempts: 3, backoffMs: 1, maxBackoffMs: 2 },
    breaker: { failures: 50, openMs: 5 },
    limits: { user: { requestsPerMinute: 1_000_000, tokensPerMinute: 1e9 } },
    timeouts: { firstContentMs: 10, idleMs: 10 },
  })
  const shared = new AbortController()
  const outcomes = new Map<string, number>()
  const count = (name: string): void => void outcomes.set(name, (outcomes.get(name) ?? 0) + 1)
  let settled = 0

  const one = async (turn: number): Promise<void> => {
    const own = new AbortController()
    const signal = turn % 2 === 0 ? shared.signal : own.signal
    if (random() < 0.1) setTimeout(() => own.abort(), random() * 4)
    const request = { model: 'a/m', messages, signal, userId: `u${turn % 7}`, continuation: turn % 5 === 0 }
    try {
      if (turn % 3 === 0) await orchestrator.chatApiCall(request)
      else {
        const stream = await orchestrator.chatApiCall({ ...request, stream: true })
        const leave = random() < 0.2
        for await (const event of stream) if (leave && event.type === 'text-delta') break
      }
      count('good')
    } catch (error) {
      if (!LlmError.is(error)) throw error
      count(error.kind)
    }
    settled++
  }

  const runners = Array.from({ length: 100 }, async (_none, runner) => {
    for (let turn = runner; turn < CALLS; turn += 100) await one(turn)
  })
  await Promise.all(runners)
  expect(settled).toBe(CALLS)
  expect([...outcomes.keys()]).toEqual(
    expect.arrayContaining(['good', 'aborted', 'stream-broken', 'invalid-request', 'timeout']),
  )
  expect(orchestrator.stats()).toMatchObject({ calls: CALLS, active: 0 })
  for (const { inFlight } of Object.values(orchestrator.health())) expect(inFlight).toBe(0)
  expect(getEventListeners(shared.signal, 'abort')).toHaveLength(0)
  await orchestrator.close({ drainMs: 0 })
})
