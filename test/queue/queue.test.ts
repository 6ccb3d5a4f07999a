import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { LlmError } from '../../src/core/error.ts'
import { createQueue } from '../../src/queue/index.ts'
import { createFakeClock } from '../../src/testing/fake-clock.ts'
import { runAll, setUp, turn } from './set-up.ts'

describe('slots', () => {
  test('no more run at once than may, and each is given back once', async () => {
    const under = setUp({ concurrency: 3 })
    for (let call = 0; call < 20; call++) under.ask(`${call}`)
    await turn()
    expect(under.queue.status()).toMatchObject({ running: 3, pending: 17, concurrency: 3 })
    const [first] = under.started
    first?.slot?.release()
    first?.slot?.release()
    first?.slot?.release({ error: new Error('late') })
    await turn()
    expect(under.queue.status()).toMatchObject({ running: 3, pending: 16, processed: 1, failed: 0 })
    expect(under.names()).toHaveLength(4)
  })

  test('a free one is given at once, without a wait and without a timer', async () => {
    const under = setUp()
    const slot = await under.queue.acquire({ requestId: 'r' })
    expect(slot).toMatchObject({ requestId: 'r', waitedMs: 0 })
    expect(under.clock.pending).toBe(0)
    slot.release()
    await turn()
    expect(under.queue.status()).toMatchObject({ running: 0, pending: 0, processed: 1 })
  })

  test('the next call starts when the slot is released, not when the work seems over', async () => {
    const under = setUp({ concurrency: 1 })
    const stream = await under.queue.acquire({ streaming: true })
    const next = under.ask('next')
    await under.clock.advanceAsync(200_000)
    expect(next.slot).toBeUndefined()
    stream.release()
    await turn()
    expect(next.slot?.waitedMs).toBe(200_000)
  })

  test('run mode gives the result or the error, with the slot released', async () => {
    const under = setUp({ concurrency: 1 })
    const results = await Promise.allSettled([
      under.queue.run({ requestId: 'a' }, async ({ waitedMs }) => waitedMs),
      under.queue.run({ requestId: 'b' }, () => {
        throw new LlmError('server-failed', 'broken')
      }),
      under.queue.run({ requestId: 'c' }, () => 'whole'),
    ])
    expect(results).toMatchObject([
      { status: 'fulfilled', value: 0 },
      { status: 'rejected', reason: { kind: 'server-failed' } },
      { status: 'fulfilled', value: 'whole' },
    ])
    expect(under.queue.activity().map(({ requestId, result, error }) => [requestId, result, error])).toEqual([
      ['c', 'completed', undefined],
      ['b', 'failed', 'server-failed'],
      ['a', 'completed', undefined],
    ])
    expect(under.queue.status()).toMatchObject({ running: 0, processed: 3, failed: 1 })
  })
})

describe('a full queue', () => {
  test('refuses with what waits and for how long, and counts it', async () => {
    const under = setUp({ concurrency: 2, maxPending: 3 })
    for (let call = 0; call < 5; call++) under.ask(`${call}`)
    const unknown = under.ask('too many')
    await turn()
    expect(unknown.error).toMatchObject({ kind: 'queue-full', pending: 3, retryAfterMs: undefined })
    expect(unknown.error?.message).toMatch(
      /the queue is full: 3 calls wait \(queue.maxPending 3\), its wait is not known/,
    )
    await under.clock.advanceAsync(10_000)
    await under.next()
    under.ask('fits')
    const refused = under.ask('too many again')
    await turn()
    expect(refused.error).toMatchObject({ kind: 'queue-full', pending: 3, retryAfterMs: 20_000 })
    expect(refused.error?.message).toMatch(/it would wait about 20 s/)
    expect(under.queue.status()).toMatchObject({ rejected: 2, pending: 3, running: 2 })
  })

  test('with no room to wait still gives free slots', async () => {
    const under = setUp({ concurrency: 2, maxPending: 0 })
    under.ask('a')
    under.ask('b')
    const refused = under.ask('c')
    await turn()
    expect(under.names()).toEqual(['a', 'b'])
    expect(refused.error).toMatchObject({ kind: 'queue-full', pending: 0 })
    under.started[0]?.slot?.release()
    under.ask('d')
    await turn()
    expect(under.names()).toEqual(['a', 'b', 'd'])
  })

  test('lets a call of a free provider in', async () => {
    const under = setUp({ concurrency: 5, maxPending: 1, perProvider: 1 })
    under.ask('a1', { provider: 'a' })
    under.ask('a2', { provider: 'a' })
    const refused = under.ask('a3', { provider: 'a' })
    under.ask('b1', { provider: 'b' })
    await turn()
    expect(refused.error).toMatchObject({ kind: 'queue-full' })
    expect(under.names()).toEqual(['a1', 'b1'])
  })
})

describe('deadlines', () => {
  test('a call that will not start in time is refused at once', async () => {
    const under = setUp({ concurrency: 1 })
    under.ask('a')
    await under.clock.advanceAsync(10_000)
    await under.next()
    under.ask('b')
    under.ask('c')
    const late = under.ask('late', { deadlineAt: under.clock.now() + 15_000 })
    const inTime = under.ask('in time', { deadlineAt: under.clock.now() + 25_000 })
    const urgent = under.ask('urgent', { deadlineAt: under.clock.now() + 15_000, priority: 'critical' })
    await turn()
    expect(late.error).toMatchObject({ kind: 'queue-full', pending: 1, retryAfterMs: 20_000 })
    expect(late.error?.message).toMatch(/would not start in time.*about 20 s, its deadline is in 15 s/)
    expect(inTime.error).toBeUndefined()
    expect(urgent.error).toBeUndefined()
  })

  test('nothing is refused on a guess, but a deadline that passes ends the wait', async () => {
    const under = setUp({ concurrency: 1 })
    under.ask('a')
    const late = under.ask('late', { deadlineAt: 5000 })
    const over = under.ask('over', { deadlineAt: 0 })
    await turn()
    expect(over.error).toMatchObject({ kind: 'queue-full' })
    expect(late.error).toBeUndefined()
    await under.clock.advanceAsync(5000)
    expect(late.error).toMatchObject({ kind: 'timeout', phase: 'queue' })
  })
})

describe('the queue timeout', () => {
  test('ends the wait as a timeout of its phase; the call never runs', async () => {
    const under = setUp({ concurrency: 1, timeoutMs: 30_000 })
    under.ask('a')
    const expired = under.ask('b')
    await under.clock.advanceAsync(10_000)
    const alive = under.ask('c')
    await under.clock.advanceAsync(20_000)
    expect(expired.error).toMatchObject({ kind: 'timeout', phase: 'queue' })
    expect(expired.error?.message).toMatch(/longer than 30000 ms/)
    await under.next()
    expect(alive.slot).toBeDefined()
    expect(expired.slot).toBeUndefined()
    expect(under.queue.status()).toMatchObject({ timedOut: 1, processed: 1, pending: 0, running: 1 })
    expect(under.clock.pending).toBe(0)
  })

  test('holds when the timer is late: what has waited too long does not start', async () => {
    const clock = createFakeClock()
    const stuck = { ...clock, now: clock.now, setTimer: () => 0, clearTimer: () => undefined }
    const queue = createQueue({ queue: { concurrency: 1, timeoutMs: 1000 }, clock: stuck })
    const first = await queue.acquire()
    const late = queue.acquire()
    const fresh = queue.acquire({ timeoutMs: 60_000 })
    clock.advance(1000)
    first.release()
    await expect(late).rejects.toMatchObject({ kind: 'timeout', phase: 'queue' })
    expect((await fresh).waitedMs).toBe(1000)
    expect(queue.status()).toMatchObject({ timedOut: 1, running: 1 })
  })

  test('is 300 s by default; 0 waits for ever', async () => {
    const under = setUp({ concurrency: 1 })
    under.ask('a')
    const usual = under.ask('usual')
    const patient = under.ask('patient', { timeoutMs: 0 })
    const hasty = under.ask('hasty', { timeoutMs: 5 })
    await under.clock.advanceAsync(5)
    expect(hasty.error).toMatchObject({ kind: 'timeout' })
    await under.clock.advanceAsync(299_994)
    expect(usual.error).toBeUndefined()
    await under.clock.advanceAsync(1)
    expect(usual.error).toMatchObject({ kind: 'timeout' })
    await under.clock.advanceAsync(86_400_000)
    expect(patient.error).toBeUndefined()
    expect(under.clock.pending).toBe(0)
  })

  test('takes one timer, however many wait', async () => {
    const under = setUp({ concurrency: 1, maxPending: 5000 })
    for (let call = 0; call < 5000; call++) under.ask(`${call}`, { timeoutMs: 1000 + ((call * 7919) % 5000) })
    expect(under.clock.pending).toBe(1)
    await under.clock.advanceAsync(3000)
    expect(under.queue.status()).toMatchObject({ pending: 2999, timedOut: 2000 })
    expect(under.clock.pending).toBe(1)
    under.queue.clear()
    expect(under.clock.pending).toBe(0)
  })
})

describe('leaving the queue', () => {
  test('cancel takes one out, by request id; running calls go on', async () => {
    const under = setUp({ concurrency: 1 })
    under.ask('a')
    const cancelled = under.ask('b')
    under.ask('c')
    await turn()
    expect(under.queue.cancel('b')).toBe(true)
    expect(under.queue.cancel('b')).toBe(false)
    expect(under.queue.cancel('a')).toBe(false)
    expect(under.queue.cancel('unknown')).toBe(false)
    expect(await runAll(under)).toEqual(['a', 'c'])
    expect(cancelled.error).toMatchObject({ kind: 'aborted' })
    expect(cancelled.error?.message).toMatch(/cancelled while it waited/)
    expect(under.queue.status()).toMatchObject({ cancelled: 1, processed: 2 })
  })

  test('cancel takes all out that have the same id', async () => {
    const under = setUp({ concurrency: 1 })
    under.ask('a')
    const twins = ['one', 'two', 'three'].map((name) => under.ask(name, { requestId: 'twin' }))
    await under.next()
    expect(under.queue.cancel('twin')).toBe(true)
    await turn()
    expect(twins.map(({ slot, error }) => slot !== undefined || error !== undefined)).toEqual([
      true,
      true,
      true,
    ])
    expect(twins.filter(({ error }) => error !== undefined)).toHaveLength(2)
    expect(under.queue.cancel('twin')).toBe(false)
  })

  test('clear takes all out', async () => {
    const under = setUp({ concurrency: 1 })
    const calls = ['a', 'b', 'c', 'd'].map((name) => under.ask(name))
    expect(under.queue.clear()).toBe(3)
    await turn()
    expect(calls.map(({ error }) => error?.kind)).toEqual([undefined, 'aborted', 'aborted', 'aborted'])
    expect(under.queue.status()).toMatchObject({ running: 1, pending: 0, cancelled: 3 })
    under.ask('e')
    expect(await runAll(under)).toEqual(['a', 'e'])
  })

  test('an abort signal ends the wait, and leaves no listener', async () => {
    const under = setUp({ concurrency: 1 })
    const controller = new AbortController()
    const { signal } = controller
    const running = under.ask('a', { signal })
    const waiting = under.ask('b', { signal })
    await turn()
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    controller.abort(new Error('gone'))
    await turn()
    expect(waiting.error).toMatchObject({ kind: 'aborted' })
    expect(waiting.error?.message).toMatch(/gone/)
    expect(running.error).toBeUndefined()
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    expect(under.ask('c', { signal })).toBeDefined()
    await turn()
    expect(under.queue.status()).toMatchObject({ aborted: 1, pending: 0, running: 1 })
    expect(under.clock.pending).toBe(0)
  })

  test('the scope of a call ends the wait with its own error, and is let go in every other case', async () => {
    const under = setUp({ concurrency: 1 })
    const actions = new Set<(error: LlmError) => void>()
    const onAbort = (action: (error: LlmError) => void) => {
      actions.add(action)
      return () => actions.delete(action)
    }
    const scope = { error: undefined, onAbort }
    under.ask('a', { scope })
    const served = under.ask('b', { scope })
    const cancelled = under.ask('c', { scope })
    const ended = under.ask('d', { scope })
    expect(actions.size).toBe(3)
    under.queue.cancel('c')
    await turn()
    await under.next()
    expect([served.slot !== undefined, cancelled.error?.kind]).toEqual([true, 'aborted'])
    expect(actions.size).toBe(1)
    const total = new LlmError('timeout', 'the call was not done in time', { phase: 'total' })
    for (const action of actions) action(total)
    await turn()
    expect(ended.error).toBe(total)
    expect(actions.size).toBe(0)
    const before = under.ask('e', { scope: { error: total, onAbort } })
    await turn()
    expect(before.error).toBe(total)
  })

  test('10 000 waits on one signal leave nothing behind', async () => {
    const under = setUp({ concurrency: 1, maxPending: 20_000 })
    const { signal } = new AbortController()
    for (let call = 0; call < 10_000; call++) under.ask(`${call}`, { signal })
    expect(await runAll(under)).toHaveLength(10_000)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    expect(under.clock.pending).toBe(0)
  })
})

describe('stopping', () => {
  test('pause starts nothing, resume goes on', async () => {
    const under = setUp({ concurrency: 2 })
    under.queue.pause()
    under.ask('a')
    under.ask('b')
    await turn()
    expect(under.queue.status()).toMatchObject({ paused: true, running: 0, pending: 2 })
    under.queue.resume()
    await turn()
    expect(under.names()).toEqual(['a', 'b'])
  })

  test('drain resolves when nothing runs and nothing waits', async () => {
    const under = setUp({ concurrency: 1 })
    await under.queue.drain()
    under.ask('a')
    under.ask('b')
    let drained = false
    const done = under.queue.drain().then(() => (drained = true))
    await under.next()
    expect(drained).toBe(false)
    await under.next()
    await done
    expect(under.queue.status()).toMatchObject({ running: 0, pending: 0, processed: 2 })
  })

  test('close refuses new calls, takes the waiting out and waits for the running', async () => {
    const under = setUp({ concurrency: 1 })
    under.ask('a')
    const waiting = under.ask('b')
    let closed = false
    const done = under.queue.close().then(() => (closed = true))
    const late = under.ask('c')
    await turn()
    expect(waiting.error).toMatchObject({ kind: 'aborted' })
    expect(late.error).toMatchObject({ kind: 'aborted' })
    expect(closed).toBe(false)
    await under.next()
    await done
    await under.queue.close()
    expect(under.queue.status()).toMatchObject({ closed: true, running: 0, pending: 0 })
    expect(under.clock.pending).toBe(0)
  })
})
