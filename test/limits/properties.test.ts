import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Limiter, LimitsConfig, Reservation } from '../../src/limits/index.ts'
import { sized } from '../proof.ts'
import { setUp } from './set-up.ts'

/** A bucket in whole numbers: levels are counted in 1/60 000 tokens, so that a millisecond refills `perMinute` of them. */
class Model {
  level: number
  since = 0
  readonly #capacity: number
  readonly #perMinute: number

  constructor(capacity: number, perMinute: number) {
    this.#capacity = capacity * 60_000
    this.#perMinute = perMinute
    this.level = this.#capacity
  }
  pass(ms: number): void {
    this.level = Math.min(this.#capacity, this.level + ms * this.#perMinute)
  }
  holds(tokens: number): boolean {
    return this.level >= tokens * 60_000
  }
  take(tokens: number, now: number): void {
    if (this.level === this.#capacity) this.since = now
    this.level -= tokens * 60_000
  }
  /** With calls in line, what they have booked is no room for refill to be lost in. */
  giveBack(tokens: number, at: number, booked = 0): void {
    if (this.since <= at)
      this.level = Math.min(this.#capacity + booked * 60_000, this.level + tokens * 60_000)
  }
}

interface Held {
  readonly reservation: Reservation
  readonly at: number
  readonly paid: readonly { readonly bucket: Model; readonly tokens: number; readonly counted: boolean }[]
}

describe('against exact buckets', () => {
  const reserve = fc.record({
    op: fc.constant('reserve' as const),
    user: fc.constantFrom('a', 'b', undefined),
    conversation: fc.constantFrom('x', 'y', undefined),
    tokens: fc.integer({ min: 0, max: 900 }),
  })
  const pass = fc.record({ op: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 20_000 }) })
  const settle = fc.record({
    op: fc.constant('settle' as const),
    which: fc.nat(),
    used: fc.integer({ min: 0, max: 1200 }),
    estimated: fc.boolean(),
  })
  const release = fc.record({ op: fc.constant('release' as const), which: fc.nat() })

  test('every decision is the same, whatever comes in whatever order', () => {
    const figures = fc.record({
      global: fc.integer({ min: 1, max: 40 }),
      user: fc.integer({ min: 1, max: 20 }),
      userTokens: fc.integer({ min: 200, max: 3000 }),
      conversation: fc.integer({ min: 1, max: 13 }),
    })
    const ops = fc.array(fc.oneof(reserve, reserve, reserve, pass, settle, release), {
      maxLength: 120,
      size: 'max',
    })
    fc.assert(
      fc.property(figures, ops, ({ global, user, userTokens, conversation }, steps) => {
        const { ask, clock } = setUp({
          global: { requestsPerMinute: global },
          user: { requestsPerMinute: user, tokensPerMinute: userTokens },
          conversation: { requestsPerMinute: conversation },
          burst: 1,
        })
        const models = new Map<string, Model>()
        const model = (key: string, capacity: number): Model => {
          const known = models.get(key) ?? new Model(capacity, capacity)
          models.set(key, known)
          return known
        }
        const held: Held[] = []
        for (const step of steps) {
          if (step.op === 'pass') {
            clock.advance(step.ms)
            for (const bucket of models.values()) bucket.pass(step.ms)
          } else if (step.op === 'reserve') {
            const { tokens } = step
            const paid = [{ bucket: model('global', global), tokens: 1, counted: false }]
            if (step.user !== undefined)
              paid.push({ bucket: model(`user ${step.user}`, user), tokens: 1, counted: false })
            if (step.conversation !== undefined)
              paid.push({
                bucket: model(`conversation ${step.conversation} of ${step.user}`, conversation),
                tokens: 1,
                counted: false,
              })
            if (step.user !== undefined && tokens > 0)
              paid.push({ bucket: model(`tokens ${step.user}`, userTokens), tokens, counted: true })
            const expected = paid.every(({ bucket, tokens: cost }) => bucket.holds(cost))
            const answer = ask({ user: step.user, conversation: step.conversation }, { tokens })
            expect(answer.granted).toBe(expected)
            if (!answer.granted) continue
            for (const { bucket, tokens: cost } of paid) bucket.take(cost, clock.now())
            held.push({ reservation: answer, at: clock.now(), paid })
          } else {
            const [one] = held.splice(step.which % Math.max(1, held.length), 1)
            if (one === undefined) continue
            if (step.op === 'release') {
              one.reservation.release()
              for (const { bucket, tokens } of one.paid) bucket.giveBack(tokens, one.at)
              continue
            }
            one.reservation.settle({ totalTokens: step.used, estimated: step.estimated })
            for (const { bucket, tokens, counted } of one.paid) {
              if (!counted) continue
              if (step.used > tokens) bucket.take(step.used - tokens, clock.now())
              else bucket.giveBack(tokens - step.used, one.at)
            }
          }
        }
      }),
      { numRuns: sized(100, 500) },
    )
  })
})

describe('in any stretch of time', () => {
  test('no more is admitted than capacity and refill allow', () => {
    const figures = fc.record({
      perMinute: fc.double({ min: 0.7, max: 5000, noNaN: true }),
      burst: fc.double({ min: 0.2, max: 4, noNaN: true }),
    })
    const steps = fc.array(
      fc.record({
        ms: fc.double({ min: 0, max: 4000, noNaN: true }),
        calls: fc.integer({ min: 0, max: 30 }),
      }),
      { maxLength: 60, size: 'max' },
    )
    fc.assert(
      fc.property(figures, steps, ({ perMinute, burst }, arrivals) => {
        const { ask, clock } = setUp({ user: { requestsPerMinute: perMinute, burst } })
        const capacity = Math.max(1, Math.floor(perMinute * burst + 1e-9))
        const grants: number[] = []
        for (const { ms, calls } of arrivals) {
          clock.advance(ms)
          for (let call = 0; call < calls; call++) if (ask({ user: 'u' }).granted) grants.push(clock.now())
        }
        let excess = -Infinity
        for (const [first, from] of grants.entries()) {
          for (let last = first; last < grants.length; last++) {
            const allowed = capacity + ((grants[last]! - from) * perMinute) / 60_000
            excess = Math.max(excess, last - first + 1 - allowed)
          }
        }
        expect(excess).toBeLessThanOrEqual(1e-6)
      }),
      { numRuns: sized(50, 200) },
    )
  })
})

describe('waiting', () => {
  interface Step {
    readonly ms: number
    readonly tokens: number
    readonly action: 'call' | 'abort' | 'settle'
    readonly which: number
  }
  interface Call {
    readonly id: number
    readonly tokens: number
    state: 'waiting' | 'started' | 'aborted' | 'over'
    at?: number
    reservation?: Reservation
    readonly abort: AbortController
  }

  /** First come, first served by one exact bucket, a millisecond at a time. */
  function reference(steps: readonly Step[], capacity: number): Map<number, number> {
    const bucket = new Model(capacity, capacity)
    const starts = new Map<number, number>()
    const costs = new Map<number, number>()
    const line: number[] = []
    let now = 0
    let count = 0
    const serve = (): void => {
      for (let head = line[0]; head !== undefined && bucket.holds(costs.get(head) ?? 0); head = line[0]) {
        bucket.take(costs.get(head) ?? 0, now)
        starts.set(head, now)
        line.shift()
      }
    }
    const over = new Set<number>()
    const tick = (ms: number): void => {
      for (let passed = 0; passed < ms; passed++) {
        bucket.pass(1)
        now++
        serve()
      }
    }
    for (const { ms, tokens, action, which } of steps) {
      tick(ms)
      if (action === 'call') {
        costs.set(count, tokens)
        line.push(count++)
      } else if (action === 'abort') {
        if (line.length > 0) line.splice(which % line.length, 1)
      } else {
        const running = [...starts.keys()].filter((id) => !over.has(id)).toSorted((a, b) => a - b)
        const id = running[which % Math.max(1, running.length)]
        if (id !== undefined) {
          over.add(id)
          const booked = line.reduce((sum, waiting) => sum + (costs.get(waiting) ?? 0), 0)
          bucket.giveBack(costs.get(id) ?? 0, starts.get(id) ?? 0, booked)
        }
      }
      serve()
    }
    while (line.length > 0) tick(1)
    return starts
  }

  async function ours(steps: readonly Step[], capacity: number) {
    const limits: LimitsConfig = { user: { tokensPerMinute: capacity }, burst: 1 }
    const { limiter, clock } = setUp(limits)
    const calls: Call[] = []
    const of = (state: Call['state']): Call[] => calls.filter((call) => call.state === state)
    for (const { ms, tokens, action, which } of steps) {
      await clock.advanceAsync(ms)
      if (action === 'call') calls.push(enter(limiter, clock.now, calls.length, tokens))
      else if (action === 'abort') {
        const waiting = of('waiting')
        waiting[which % Math.max(1, waiting.length)]?.abort.abort()
      } else {
        const running = of('started')
        const one = running[which % Math.max(1, running.length)]
        one?.reservation?.settle({ totalTokens: 0 })
        if (one !== undefined) one.state = 'over'
      }
      await clock.advanceAsync(0)
    }
    await clock.advanceAsync(3_600_000)
    return { calls, limiter, clock }
  }

  function enter(limiter: Limiter, now: () => number, id: number, tokens: number): Call {
    const call: Call = { id, tokens, state: 'waiting', abort: new AbortController() }
    void limiter.reserveOrWait({ user: 'u' }, { tokens }, { waitMs: 1e9, signal: call.abort.signal }).then(
      (reservation) => Object.assign(call, { state: 'started', at: now(), reservation }),
      () => Object.assign(call, { state: 'aborted' }),
    )
    return call
  }

  test('gives the turns of first come, first served, with calls that leave and calls that give back', async () => {
    const step: fc.Arbitrary<Step> = fc.record({
      ms: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3000 })),
      // Below the capacity: a bucket that is full the moment it pays a waiting call counts as never full in between.
      tokens: fc.integer({ min: 1, max: 59 }),
      action: fc.constantFrom('call', 'call', 'call', 'abort', 'settle'),
      which: fc.nat({ max: 50 }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40, size: 'max' }),
        fc.constantFrom(60, 97, 240, 600),
        async (steps, capacity) => {
          const { calls, limiter, clock } = await ours(steps, capacity)
          const starts = calls.flatMap(({ id, at }) => (at === undefined ? [] : [[id, at] as const]))
          expect(starts).toEqual([...reference(steps, capacity)].toSorted(([a], [b]) => a - b))
          expect(limiter.stats().waiting).toBe(0)
          expect(clock.pending).toBe(0)
        },
      ),
      { numRuns: sized(20, 60) },
    )
  })

  test('over several buckets: all have their turn or leave, nothing stays behind', async () => {
    const call = fc.record({
      ms: fc.integer({ min: 0, max: 500 }),
      user: fc.constantFrom('a', 'b', 'c'),
      tokens: fc.integer({ min: 0, max: 100 }),
      leavesAfterMs: fc.option(fc.integer({ min: 0, max: 20_000 }), { nil: undefined }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 60, size: 'max' }), async (arrivals) => {
        const { limiter, clock } = setUp({
          global: { requestsPerMinute: 120, tokensPerMinute: 2000 },
          user: { requestsPerMinute: 30, tokensPerMinute: 1000 },
          burst: 0.5,
        })
        const held: Reservation[] = []
        let left = 0
        for (const { ms, user, tokens, leavesAfterMs } of arrivals) {
          await clock.advanceAsync(ms)
          const controller = new AbortController()
          void limiter.reserveOrWait({ user }, { tokens }, { waitMs: 1e9, signal: controller.signal }).then(
            (reservation) => held.push(reservation),
            () => left++,
          )
          if (leavesAfterMs !== undefined) clock.setTimer(() => controller.abort(), leavesAfterMs)
        }
        await clock.advanceAsync(3_600_000)
        expect(held.length + left).toBe(arrivals.length)
        expect(limiter.stats()).toMatchObject({ waiting: 0, open: held.length })
        expect(clock.pending).toBe(0)
        for (const reservation of held) reservation.release()
        for (const user of ['a', 'b', 'c'])
          for (const { available, capacity } of (await limiter.snapshot({ user })).buckets)
            expect(available).toBe(capacity)
        expect(limiter.stats().open).toBe(0)
      }),
      { numRuns: sized(20, 60) },
    )
  })
})
