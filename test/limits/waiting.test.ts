import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import type { AbortSources, LimitKeys } from '../../src/limits/index.ts'
import { LlmError } from '../../src/core/error.ts'
import { passes, reservation, setUp } from './set-up.ts'

const oneByOne = { user: { requestsPerMinute: 60, tokensPerMinute: 600 }, burst: 1 }

/** A call that waits, and what became of it. */
function admitted(
  under: ReturnType<typeof setUp>,
  keys: LimitKeys,
  options: Parameters<typeof under.limiter.reserveOrWait>[2],
  tokens = 0,
) {
  const result: { at?: number; error?: LlmError; waitedMs?: number } = {}
  const done = under.limiter.reserveOrWait(keys, { tokens }, options).then(
    (held) => {
      result.at = under.clock.now()
      result.waitedMs = held.waitedMs
      return held
    },
    (error: unknown) => {
      result.error = error as LlmError
      return undefined
    },
  )
  return { result, done }
}

describe('waiting for capacity', () => {
  test('is off unless asked for: the call is refused at once', async () => {
    const under = setUp(oneByOne)
    passes(under.ask, { user: 'u' }, { tokens: 0 })
    await expect(under.limiter.reserveOrWait({ user: 'u' }, { tokens: 0 })).rejects.toMatchObject({
      kind: 'limit-exceeded',
      scope: 'user',
      retryAfterMs: 1000,
    })
    expect(under.clock.pending).toBe(0)
  })

  test('gives turns in order, each when the bucket has paid it', async () => {
    const under = setUp({ ...oneByOne, waitMs: 10_000 })
    passes(under.ask, { user: 'u' }, { tokens: 0 })
    const calls = Array.from({ length: 10 }, () => admitted(under, { user: 'u' }, {}))
    const eleventh = admitted(under, { user: 'u' }, {})
    await under.clock.advanceAsync(0)
    expect(eleventh.result.error).toMatchObject({ kind: 'limit-exceeded', retryAfterMs: 11_000 })
    expect(under.limiter.stats()).toMatchObject({ waiting: 10, waited: 0 })
    expect(under.clock.pending).toBe(1)
    await under.clock.advanceAsync(20_000)
    expect(calls.map(({ result }) => result.at)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((s) => s * 1000))
    expect(calls[4]?.result.waitedMs).toBe(5000)
    expect(under.limiter.stats()).toMatchObject({ waiting: 0, waited: 10 })
    expect(under.clock.pending).toBe(0)
  })

  test('a waiting call delays only those behind it at the same bucket', async () => {
    const under = setUp({ ...oneByOne, global: { requestsPerMinute: 600 } })
    passes(under.ask, { user: 'u' }, { tokens: 0 })
    const slow = admitted(under, { user: 'u' }, { waitMs: 5000 })
    const other = admitted(under, { user: 'v' }, { waitMs: 5000 })
    await under.clock.advanceAsync(0)
    expect(other.result.at).toBe(0)
    await under.clock.advanceAsync(1000)
    expect(slow.result.at).toBe(1000)
  })

  test('a call that does not wait never gets ahead of those that do', async () => {
    const under = setUp(oneByOne)
    passes(under.ask, { user: 'u' }, { tokens: 0 })
    const first = admitted(under, { user: 'u' }, { waitMs: 5000 })
    await under.clock.advanceAsync(999)
    expect(under.ask({ user: 'u' }, { tokens: 0 }).granted).toBe(false)
    await under.clock.advanceAsync(1)
    expect(first.result.at).toBe(1000)
    expect(under.ask({ user: 'u' }, { tokens: 0 })).toMatchObject({ granted: false, retryAfterMs: 1000 })
  })

  test.each([
    ['waitMs', { waitMs: 900 }],
    ['deadline', { waitMs: 60_000, deadlineAt: 900 }],
    ['deadline that is over', { waitMs: 60_000, deadlineAt: -5 }],
  ])('a wait longer than its %s is refused at once, and keeps no place', async (_name, options) => {
    const under = setUp(oneByOne)
    passes(under.ask, { user: 'u' }, { tokens: 0 })
    const refused = admitted(under, { user: 'u' }, options)
    await refused.done
    expect(under.clock.now()).toBe(0)
    expect(refused.result.error).toMatchObject({ kind: 'limit-exceeded', retryAfterMs: 1000 })
    const next = admitted(under, { user: 'u' }, { waitMs: 1000 })
    await under.clock.advanceAsync(1000)
    expect(next.result.at).toBe(1000)
  })

  test('what can never pass is refused at once, however long it may wait', async () => {
    const under = setUp(oneByOne)
    await expect(
      under.limiter.reserveOrWait({ user: 'u' }, { tokens: 601 }, { waitMs: 1e9 }),
    ).rejects.toMatchObject({
      kind: 'limit-exceeded',
      retryAfterMs: undefined,
    })
  })

  test('those behind move forward when a running call gives back', async () => {
    const under = setUp(oneByOne)
    const running = reservation(under.ask({ user: 'u' }, { tokens: 600 }))
    const first = admitted(under, { user: 'u' }, { waitMs: 60_000 }, 300)
    const second = admitted(under, { user: 'u' }, { waitMs: 60_000 }, 200)
    await under.clock.advanceAsync(10_000)
    expect(first.result.at).toBeUndefined()
    running.settle({ totalTokens: 250 })
    await under.clock.advanceAsync(0)
    expect(first.result.at).toBe(10_000)
    expect(second.result.at).toBeUndefined()
    await under.clock.advanceAsync(5000)
    expect(second.result.at).toBe(15_000)
    expect(under.clock.pending).toBe(0)
  })

  test('a reset lets everybody go', async () => {
    const under = setUp(oneByOne)
    passes(under.ask, { user: 'u' }, { tokens: 0 })
    const waiting = admitted(under, { user: 'u' }, { waitMs: 5000 })
    await under.clock.advanceAsync(10)
    await under.limiter.reset({ user: 'u' })
    await under.clock.advanceAsync(0)
    expect(waiting.result.at).toBe(10)
    expect(under.clock.pending).toBe(0)
  })
})

describe('aborting a wait', () => {
  /** The scope of a call, as the orchestrator opens it. */
  function fakeScope() {
    const actions = new Set<(error: LlmError) => void>()
    const scope: NonNullable<AbortSources['scope']> = {
      error: undefined,
      onAbort: (action) => {
        actions.add(action)
        return () => actions.delete(action)
      },
    }
    return { scope, actions }
  }

  test('by signal leaves nothing behind and lets those behind move forward', async () => {
    const under = setUp(oneByOne)
    passes(under.ask, { user: 'u' }, { tokens: 0 })
    const controller = new AbortController()
    const first = admitted(under, { user: 'u' }, { waitMs: 9000, signal: controller.signal })
    const second = admitted(under, { user: 'u' }, { waitMs: 9000 })
    await under.clock.advanceAsync(500)
    controller.abort()
    await under.clock.advanceAsync(500)
    expect(first.result.error).toMatchObject({ kind: 'aborted' })
    expect(second.result.at).toBe(1000)
    expect(under.limiter.stats()).toMatchObject({ waiting: 0, open: 61 })
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
    expect(under.clock.pending).toBe(0)
  })

  test('by the scope of a call: its error comes out, its action is taken back', async () => {
    const under = setUp(oneByOne)
    passes(under.ask, { user: 'u' }, { tokens: 0 })
    const { scope, actions } = fakeScope()
    const waiting = admitted(under, { user: 'u' }, { waitMs: 9000, scope })
    expect(actions.size).toBe(1)
    const late = new LlmError('timeout', 'the call was not done in time', { phase: 'total' })
    for (const action of actions) action(late)
    await waiting.done
    expect(waiting.result.error).toBe(late)
    expect(actions.size).toBe(0)
    expect(under.clock.pending).toBe(0)
    expect(under.ask({ user: 'u' }, { tokens: 0 })).toMatchObject({ retryAfterMs: 1000 })
  })

  test('a call that was aborted before takes nothing', async () => {
    const under = setUp(oneByOne)
    await expect(
      under.limiter.reserveOrWait({ user: 'u' }, { tokens: 0 }, { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ kind: 'aborted' })
    expect(passes(under.ask, { user: 'u' }, { tokens: 0 })).toBe(60)
  })

  test('10 000 waits on one signal leave no listener and no timer', async () => {
    const under = setUp({ user: { requestsPerMinute: 60_000 }, burst: 0.001 })
    const { signal } = new AbortController()
    const calls = Array.from({ length: 10_000 }, () =>
      admitted(under, { user: 'u' }, { waitMs: 60_000, signal }),
    )
    under.clock.advance(5000)
    expect(getEventListeners(signal, 'abort')).toHaveLength(10_000 - 60 - 5000)
    under.clock.advance(6000)
    await Promise.all(calls.map(({ done }) => done))
    expect(calls.every(({ result }) => result.at !== undefined)).toBe(true)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    expect(under.clock.pending).toBe(0)
  })

  test('close ends those that wait, gives back what they hold, and refuses new ones', async () => {
    const under = setUp(oneByOne)
    passes(under.ask, { user: 'u' }, { tokens: 0 })
    const waiting = admitted(under, { user: 'u' }, { waitMs: 9000 })
    under.limiter.close()
    await waiting.done
    expect(waiting.result.error).toMatchObject({ kind: 'aborted' })
    await expect(under.limiter.reserveOrWait({ user: 'u' })).rejects.toMatchObject({ kind: 'aborted' })
    expect(under.clock.pending).toBe(0)
    expect(under.limiter.stats()).toMatchObject({ waiting: 0, open: 60 })
  })
})
