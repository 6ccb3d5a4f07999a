import { describe, expect, test } from 'vitest'
import { LlmError } from '../../src/core/error.ts'
import { createQueue, type QueueConfig } from '../../src/queue/index.ts'
import { runAll, setUp } from './set-up.ts'

describe('what is reported', () => {
  test('status: waiting and running calls with their times, and the estimated wait of a new call', async () => {
    const under = setUp({ concurrency: 2 })
    under.ask('a', { user: 'u', provider: 'p', streaming: true })
    under.ask('b')
    await under.clock.advanceAsync(4000)
    under.started[1]?.slot?.release()
    under.ask('c')
    under.ask('d', { priority: 'low' })
    await under.clock.advanceAsync(1000)
    expect(under.queue.status()).toEqual({
      processed: 1,
      failed: 0,
      rejected: 0,
      timedOut: 0,
      cancelled: 0,
      aborted: 0,
      pending: 1,
      pendingByPriority: { critical: 0, high: 0, normal: 0, low: 1 },
      running: 2,
      concurrency: 2,
      maxPending: 100,
      oldestWaitMs: 1000,
      meanRunMs: 4000,
      estimatedWaitMs: 2000,
      paused: false,
      closed: false,
    })
    expect(under.queue.estimateWaitMs({ priority: 'low' })).toBe(4000)
    expect(under.queue.running()).toEqual([
      { requestId: 'a', user: 'u', provider: 'p', priority: 'high', streaming: true, ranMs: 5000 },
      {
        requestId: 'c',
        user: undefined,
        provider: undefined,
        priority: 'normal',
        streaming: false,
        ranMs: 1000,
      },
    ])
  })

  test('activity: the latest calls, in full', async () => {
    const under = setUp({ concurrency: 1 })
    under.ask('a', { user: 'u', provider: 'p', streaming: true })
    under.ask('b', { timeoutMs: 500, priority: 'low' })
    await under.clock.advanceAsync(2000)
    under.started[0]?.slot?.release({ error: new LlmError('overloaded', 'too much') })
    expect(under.queue.activity()).toEqual([
      {
        requestId: 'a',
        user: 'u',
        provider: 'p',
        priority: 'high',
        streaming: true,
        waitedMs: 0,
        ranMs: 2000,
        result: 'failed',
        error: 'overloaded',
        at: under.clock.epochMs(),
      },
      {
        requestId: 'b',
        user: undefined,
        provider: undefined,
        priority: 'low',
        streaming: false,
        waitedMs: 500,
        ranMs: 0,
        result: 'timed-out',
        error: 'timeout',
        at: under.clock.epochMs() - 1500,
      },
    ])
  })

  test('activity keeps 200 calls and returns 50 by default', async () => {
    const under = setUp({ concurrency: 1, maxPending: 1000 })
    for (let call = 0; call < 450; call++) under.ask(`${call}`)
    await runAll(under)
    expect(under.queue.activity()).toHaveLength(50)
    const all = under.queue.activity(1000)
    expect(all.map(({ requestId }) => requestId)).toEqual(
      Array.from({ length: 200 }, (_, call) => `${449 - call}`),
    )
  })

  test('events: every decision, with its numbers', async () => {
    const under = setUp({ concurrency: 1, maxPending: 1 })
    under.ask('a')
    under.ask('b')
    under.ask('c')
    await under.clock.advanceAsync(1000)
    await under.next()
    expect(
      under.events.map((event) => [
        event.type,
        'job' in event ? event.job.requestId : event.activity.requestId,
      ]),
    ).toEqual([
      ['started', 'a'],
      ['queued', 'b'],
      ['refused', 'c'],
      ['over', 'a'],
      ['started', 'b'],
    ])
    expect(under.events[1]).toMatchObject({ pending: 1, estimatedWaitMs: undefined })
    expect(under.events[2]).toMatchObject({ pending: 1, error: { kind: 'queue-full' } })
    expect(under.events[4]).toMatchObject({ waitedMs: 1000, running: 1 })
  })
})

describe('a config that is wrong is refused, by field', () => {
  const wrong: readonly (readonly [unknown, string])[] = [
    [{ concurency: 5 }, 'createQueue: queue.concurency is not an option; did you mean "concurrency"?'],
    [{ concurrency: 0 }, 'createQueue: queue.concurrency must be a whole number of 1 or more; got 0'],
    [{ concurrency: 1.5 }, 'createQueue: queue.concurrency must be a whole number of 1 or more; got 1.5'],
    [
      { maxPending: -1 },
      'createQueue: queue.maxPending must be a whole number of 0 or more, or Infinity; got -1',
    ],
    [
      { timeoutMs: Number.NaN },
      'createQueue: queue.timeoutMs must be a number of milliseconds of 0 or more, or Infinity',
    ],
    [
      { agingMs: '15s' },
      'createQueue: queue.agingMs must be a number of milliseconds of 0 or more, or Infinity',
    ],
    [
      { perProvider: 0 },
      'createQueue: queue.perProvider must be a whole number of 1 or more or such numbers by provider; got 0',
    ],
    [
      { perProvider: { openai: 0 } },
      'createQueue: queue.perProvider.openai must be a whole number of 1 or more; got 0',
    ],
    [
      { perProvider: 'openai' },
      'createQueue: queue.perProvider must be a whole number of 1 or more or such numbers by provider; got "openai"',
    ],
  ]
  test.each(wrong)('%j', (queue, message) => {
    expect(() => createQueue({ queue: queue as QueueConfig })).toThrow(
      expect.objectContaining({ kind: 'misconfigured', message: expect.stringContaining(message) }),
    )
  })
})
