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
    [{ concurency: 5 }, 'queue: concurency is not an option'],
    [{ concurrency: 0 }, 'queue: concurrency takes a whole number of 1 or more'],
    [{ concurrency: 1.5 }, 'queue: concurrency takes'],
    [{ maxPending: -1 }, 'queue: maxPending takes a whole number of 0 or more'],
    [{ timeoutMs: Number.NaN }, 'queue: timeoutMs takes a number of 0 or more'],
    [{ agingMs: '15s' }, 'queue: agingMs takes a number of 0 or more'],
    [{ perProvider: 0 }, 'queue: perProvider takes a whole number of 1 or more'],
    [{ perProvider: { openai: 0 } }, 'queue: perProvider.openai takes a whole number of 1 or more'],
    [{ perProvider: 'openai' }, 'queue: perProvider takes a number, or numbers by provider'],
  ]
  test.each(wrong)('%j', (queue, message) => {
    expect(() => createQueue({ queue: queue as QueueConfig })).toThrow(
      expect.objectContaining({ kind: 'misconfigured', message: expect.stringContaining(message) }),
    )
  })
})
