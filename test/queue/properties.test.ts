import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { priorities, type Priority, type QueueConfig, type QueueJob } from '../../src/queue/index.ts'
import { sized } from '../proof.ts'
import { setUp, turn } from './set-up.ts'

interface Waiting {
  readonly name: string
  readonly level: number
  readonly user: string
  readonly provider: string | undefined
  readonly at: number
}

/** A plain model of the queue, which looks at every waiting call every time. */
class Law {
  readonly started: string[] = []
  readonly #waiting: Waiting[] = []
  readonly #running = new Map<string, Waiting>()
  readonly #served = priorities.map(() => 0)
  /** Per priority: each user's turn, from the moment at which it had something to wait for. */
  readonly #turns = priorities.map(() => new Map<string, number>())
  readonly #config: { concurrency: number; perProvider: Readonly<Record<string, number>>; agingMs: number }
  #agedLast = false

  constructor(config: {
    concurrency: number
    perProvider: Readonly<Record<string, number>>
    agingMs: number
  }) {
    this.#config = config
  }

  enter(call: Waiting): void {
    const turns = this.#turns[call.level]!
    const soonest = this.#served[call.level]! + 0.5
    const others = this.#waiting.some(({ level, user }) => level === call.level && user === call.user)
    if (!others) turns.set(call.user, Math.max(turns.get(call.user) ?? 0, soonest))
    this.#waiting.push(call)
  }

  leave(name: string): void {
    const place = this.#waiting.findIndex((call) => call.name === name)
    if (place >= 0) this.#waiting.splice(place, 1)
  }

  end(name: string): void {
    this.#running.delete(name)
  }

  serve(now: number): void {
    while (this.#running.size < this.#config.concurrency) {
      const next = this.#next(now)
      if (next === undefined) return
      this.leave(next.name)
      this.#running.set(next.name, next)
      this.started.push(next.name)
    }
  }

  #next(now: number): Waiting | undefined {
    const able = this.#waiting.filter(({ provider }) => {
      const cap = this.#config.perProvider[provider ?? ''] ?? Infinity
      return [...this.#running.values()].filter((call) => call.provider === provider).length < cap
    })
    const turnOf = ({ level, user }: Waiting): number => this.#turns[level]!.get(user)!
    const place = (call: Waiting): number => this.#waiting.indexOf(call)
    const [regular] = able.toSorted(
      (a, b) => a.level - b.level || turnOf(a) - turnOf(b) || place(a) - place(b),
    )
    if (regular === undefined) return undefined
    const { agingMs } = this.#config
    const aged = able.find(({ level, at }) => agingMs > 0 && level > regular.level && now - at >= agingMs / 2)
    const next = aged !== undefined && !this.#agedLast ? aged : regular
    this.#agedLast = next !== regular
    const turnNow = turnOf(next)
    if (next === regular) this.#served[next.level] = Math.max(this.#served[next.level]!, turnNow)
    this.#turns[next.level]!.set(next.user, turnNow + 1)
    return next
  }
}

type Step =
  | {
      readonly op: 'enter'
      readonly level: number
      readonly user: string
      readonly provider: string | undefined
    }
  | { readonly op: 'end' | 'cancel' | 'abort'; readonly which: number }
  | { readonly op: 'pass'; readonly ms: number }

const enter = fc.record({
  op: fc.constant('enter' as const),
  level: fc.nat({ max: 3 }),
  user: fc.constantFrom('a', 'b', 'c', ''),
  provider: fc.constantFrom('p', 'q', undefined),
})
const step: fc.Arbitrary<Step> = fc.oneof(
  enter,
  enter,
  fc.record({ op: fc.constantFrom('end', 'end', 'cancel', 'abort'), which: fc.nat() }),
  fc.record({ op: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 9000 }) }),
)
const config = fc.record({
  concurrency: fc.integer({ min: 1, max: 4 }),
  perProvider: fc.constantFrom<Readonly<Record<string, number>>[]>({}, { p: 1 }, { p: 1, q: 2 }),
  agingMs: fc.constantFrom(0, 15_000),
})

async function run(
  settings: Required<Pick<QueueConfig, 'concurrency' | 'agingMs'>> & {
    perProvider: Readonly<Record<string, number>>
  },
  steps: readonly Step[],
) {
  const under = setUp({ ...settings, maxPending: Infinity, timeoutMs: 0 })
  const law = new Law(settings)
  const controllers = new Map<string, AbortController>()
  let count = 0
  let most = 0
  for (const one of steps) {
    const { started } = under
    if (one.op === 'enter') {
      const { level, user, provider } = one
      const name = `${count++}`
      const controller = new AbortController()
      const job: QueueJob = { user: user === '' ? undefined : user, provider, signal: controller.signal }
      under.ask(name, { ...job, priority: priorities[level] as Priority })
      law.enter({ name, level, user, provider, at: under.clock.now() })
      controllers.set(name, controller)
    } else if (one.op === 'end') {
      const running = started.filter(({ slot }) => slot !== undefined)
      const call = running[one.which % Math.max(1, running.length)]
      call?.slot?.release()
      if (call !== undefined) {
        law.end(call.name)
        delete call.slot
      }
    } else if (one.op === 'pass') under.clock.advance(one.ms)
    else {
      const waiting = [...controllers.keys()].filter((name) => !started.some((call) => call.name === name))
      const name = waiting[one.which % Math.max(1, waiting.length)] ?? 'none'
      if (one.op === 'cancel') under.queue.cancel(name)
      else controllers.get(name)?.abort()
      controllers.delete(name)
      law.leave(name)
    }
    await turn()
    law.serve(under.clock.now())
    most = Math.max(most, under.queue.status().running)
  }
  return { under, law, most }
}

describe('in any order of events', () => {
  test('calls start as the law says, and no more than may', async () => {
    await fc.assert(
      fc.asyncProperty(config, fc.array(step, { maxLength: 80, size: 'max' }), async (settings, steps) => {
        const { under, law, most } = await run(settings, steps)
        expect(under.names()).toEqual(law.started)
        expect(most).toBeLessThanOrEqual(settings.concurrency)
        for (const { slot } of under.started) slot?.release()
        under.queue.clear()
        for (const { slot } of under.started) slot?.release()
        await turn()
        expect(under.queue.status()).toMatchObject({ running: 0, pending: 0, oldestWaitMs: 0 })
        expect(under.clock.pending).toBe(0)
      }),
      { numRuns: sized(60, 300) },
    )
  })

  test('every call has one end, and the figures add up', async () => {
    const arrival = fc.record({
      user: fc.constantFrom('a', 'b', undefined),
      priority: fc.constantFrom(...priorities),
      provider: fc.constantFrom('p', 'q'),
      runMs: fc.integer({ min: 0, max: 3000 }),
      fails: fc.boolean(),
      leavesMs: fc.option(fc.integer({ min: 0, max: 4000 }), { nil: undefined }),
      timeoutMs: fc.option(fc.integer({ min: 1, max: 5000 }), { nil: undefined }),
      gapMs: fc.integer({ min: 0, max: 200 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(arrival, { maxLength: 60, size: 'max' }), async (arrivals) => {
        const under = setUp({ concurrency: 3, maxPending: 10, perProvider: { p: 2 }, timeoutMs: 20_000 })
        const { clock, queue } = under
        let ended = 0
        let most = 0
        for (const { user, priority, provider, runMs, fails, leavesMs, timeoutMs, gapMs } of arrivals) {
          const controller = new AbortController()
          const work = async (): Promise<void> => {
            most = Math.max(most, queue.status().running)
            await new Promise<void>((resolve) => void clock.setTimer(resolve, runMs))
            if (fails) throw new Error('failed')
          }
          const job: QueueJob = { user, priority, provider, timeoutMs, signal: controller.signal }
          queue.run(job, work).then(
            () => ended++,
            () => ended++,
          )
          if (leavesMs !== undefined) clock.setTimer(() => controller.abort(), leavesMs)
          await clock.advanceAsync(gapMs)
        }
        await clock.advanceAsync(600_000)
        const { processed, rejected, timedOut, aborted, cancelled, running, pending } = queue.status()
        expect(ended).toBe(arrivals.length)
        expect(processed + rejected + timedOut + aborted + cancelled).toBe(arrivals.length)
        expect([running, pending, clock.pending]).toEqual([0, 0, 0])
        expect(most).toBeLessThanOrEqual(3)
      }),
      { numRuns: sized(25, 100) },
    )
  })
})

describe('with 100 000 waiting', () => {
  test('calls are taken in, cancelled, timed out and served in their order', async () => {
    const under = setUp({ concurrency: 1, maxPending: Infinity, timeoutMs: 10_000, agingMs: 0 })
    under.ask('first', { timeoutMs: 0 })
    for (let call = 0; call < 100_000; call++)
      under.ask(`${call}`, { user: `user ${call % 1000}`, timeoutMs: call % 10 === 0 ? 5000 : undefined })
    for (let call = 0; call < 100_000; call++) if (call % 10 === 1) under.queue.cancel(`${call}`)
    await under.clock.advanceAsync(5000)
    expect(under.queue.status()).toMatchObject({ pending: 80_000, cancelled: 10_000, timedOut: 10_000 })
    for (let served = 0; served < 2000; served++) await under.next()
    const left = Array.from({ length: 100_000 }, (_, call) => call).filter((call) => call % 10 > 1)
    expect(under.names().slice(1, 2001)).toEqual(left.slice(0, 2000).map(String))
    await under.clock.advanceAsync(5000)
    expect(under.queue.status()).toMatchObject({ pending: 0, timedOut: 10_000 + 78_000 })
    expect(under.clock.pending).toBe(0)
  })
})
