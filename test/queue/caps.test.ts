import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createQueue, type SlotStore, type SlotCap, type SlotLease } from '../../src/queue/index.ts'
import { createFakeClock } from '../../src/testing/fake-clock.ts'
import { runAll, setUp, turn } from './set-up.ts'

describe('calls of one user', () => {
  test('run as many at once as the cap says; others pass by', async () => {
    const under = setUp({ concurrency: 4, perUser: 2 })
    for (const name of ['a1', 'a2', 'a3', 'a4']) under.ask(name, { user: 'a' })
    under.ask('b1', { user: 'b' })
    under.ask('free1')
    await turn()
    expect(under.names()).toEqual(['a1', 'a2', 'b1', 'free1'])
    await under.next()
    expect(under.names()).toEqual(['a1', 'a2', 'b1', 'free1', 'a3'])
    expect(await runAll(under)).toEqual(['a1', 'a2', 'b1', 'free1', 'a3', 'a4'])
  })

  test('count over all priorities and providers; a cap of a user does not delay other users', async () => {
    const under = setUp({ concurrency: 10, perUser: 1, perProvider: { x: 3 } })
    under.ask('low', { user: 'a', priority: 'low', provider: 'x' })
    under.ask('critical', { user: 'a', priority: 'critical', provider: 'y' })
    under.ask('other', { user: 'b', priority: 'low', provider: 'x' })
    await turn()
    expect(under.names()).toEqual(['low', 'other'])
    await under.next()
    expect(under.names()).toEqual(['low', 'other', 'critical'])
  })

  test('without a user there is no cap; a waiting call of a full user counts as pending and times out', async () => {
    const under = setUp({ concurrency: 10, perUser: 1, timeoutMs: 100 })
    for (let call = 0; call < 5; call++) under.ask(`n${call}`)
    under.ask('a1', { user: 'a' })
    const late = under.ask('a2', { user: 'a' })
    await turn()
    expect(under.queue.status()).toMatchObject({ running: 6, pending: 1 })
    under.clock.advance(100)
    await turn()
    expect(late.error).toMatchObject({ kind: 'timeout', phase: 'queue' })
    expect(under.queue.status()).toMatchObject({ pending: 0, timedOut: 1 })
  })

  test('an aged call of a full user does not stand in the way of aged ones of others', async () => {
    const under = setUp({ concurrency: 2, perUser: 1, agingMs: 1_000 })
    under.ask('a1', { user: 'a' })
    under.ask('b1', { user: 'b' })
    under.ask('a2', { user: 'a', priority: 'low' })
    under.ask('c1', { user: 'c', priority: 'low' })
    await turn()
    under.clock.advance(600)
    under.ask('d1', { user: 'd', priority: 'critical' })
    under.started[1]?.slot?.release()
    await turn()
    expect(under.names()).toEqual(['a1', 'b1', 'c1'])
  })

  test('whatever comes, leaves and ends in whatever order: no cap is passed, and nothing is left over', async () => {
    const step = fc.record({
      what: fc.constantFrom('ask', 'ask', 'end', 'cancel', 'move'),
      user: fc.constantFrom('a', 'b', undefined),
      provider: fc.constantFrom('x', 'y', undefined),
      priority: fc.constantFrom('critical', 'normal', 'low'),
      pick: fc.nat(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const under = setUp({ concurrency: 4, perUser: 2, perProvider: { x: 2, y: 1 }, maxPending: 1_000 })
        const where = new Map<string, string | undefined>()
        for (const [index, { what, user, provider, priority, pick }] of steps.entries()) {
          const running = under.started.filter(({ slot }) => slot !== undefined && !over.has(slot))
          const one = running[pick % Math.max(1, running.length)]
          if (what === 'ask') under.ask(`${index}`, { user, provider, priority })
          else if (what === 'cancel') under.queue.cancel(`${pick % (index + 1)}`)
          else if (what === 'move' && one !== undefined) {
            where.set(one.name, 'moving')
            void one.slot?.move(provider).then(() => where.set(one.name, provider ?? 'none'))
          } else if (one?.slot !== undefined) {
            over.add(one.slot)
            one.slot.release()
          }
          await turn()
          const now = under.queue.running()
          const at = now.map((call) => where.get(call.requestId ?? '') ?? call.provider)
          expect(now.length).toBeLessThanOrEqual(4)
          for (const id of ['a', 'b']) expect(now.filter((call) => call.user === id).length).toBeLessThan(3)
          expect(at.filter((id) => id === 'y').length).toBeLessThanOrEqual(1)
          expect(at.filter((id) => id === 'x').length).toBeLessThanOrEqual(2)
        }
        for (let round = 0; round < 200 && under.queue.status().running > 0; round++) {
          for (const { slot } of under.started) slot?.release()
          await turn()
        }
        expect(under.queue.status()).toMatchObject({ running: 0, pending: 0 })
        expect(under.clock.pending).toBe(0)
      }),
      { numRuns: 60 },
    )
  })
  const over = new Set<object>()
})

describe('a call that goes on at another provider', () => {
  test('counts there and no longer here', async () => {
    const under = setUp({ concurrency: 10, perProvider: 1 })
    const first = under.ask('a1', { provider: 'a' })
    const other = under.ask('b1', { provider: 'b' })
    under.ask('a2', { provider: 'a' })
    await turn()
    expect(under.names()).toEqual(['a1', 'b1'])
    let moved = false
    void first.slot?.move('b').then(() => (moved = true))
    await turn()
    // Its place is free at once; it waits for one at the other.
    expect(under.names()).toEqual(['a1', 'b1', 'a2'])
    expect(moved).toBe(false)
    under.ask('b2', { provider: 'b' })
    other.slot?.release()
    await turn()
    expect(moved).toBe(true)
    expect(under.names()).toEqual(['a1', 'b1', 'a2'])
    first.slot?.release()
    await turn()
    expect(under.names()).toEqual(['a1', 'b1', 'a2', 'b2'])
    expect(under.clock.pending).toBe(0)
  })

  test('gives up with the call, and after timeoutMs', async () => {
    const under = setUp({ concurrency: 10, perProvider: 1, timeoutMs: 500 })
    const controller = new AbortController()
    const one = under.ask('a1', { provider: 'a', signal: controller.signal })
    const two = under.ask('c1', { provider: 'c' })
    under.ask('b1', { provider: 'b' })
    await turn()
    const ended = one.slot?.move('b').catch((error: unknown) => error)
    const late = two.slot?.move('b').catch((error: unknown) => error)
    controller.abort()
    expect(await ended).toMatchObject({ kind: 'aborted' })
    under.clock.advance(500)
    expect(await late).toMatchObject({ kind: 'timeout', phase: 'queue' })
    for (const { slot } of under.started) slot?.release()
    expect(under.queue.status()).toMatchObject({ running: 0, pending: 0 })
    expect(under.clock.pending).toBe(0)
  })
})

/** A semaphore in this process that several queues share. */
function semaphore(): SlotStore & { readonly held: Map<string, number>; readonly taken: () => number } {
  const held = new Map<string, number>()
  const listeners = new Set<() => void>()
  let takes = 0
  const usedOf = ({ key }: SlotCap): number => held.get(key) ?? 0
  return {
    held,
    taken: () => takes,
    take: async (caps) => {
      takes++
      await Promise.resolve()
      const used = caps.map(usedOf)
      if (caps.some((cap) => usedOf(cap) >= cap.limit)) return { taken: false, used }
      for (const cap of caps) held.set(cap.key, usedOf(cap) + 1)
      let open = true
      const lease: SlotLease = {
        taken: true,
        release: () => {
          if (!open) return
          open = false
          for (const cap of caps) held.set(cap.key, usedOf(cap) - 1)
          for (const listener of listeners) listener()
        },
      }
      return lease
    },
    onFree: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: async () => undefined,
  }
}

describe('slots that several queues share', () => {
  const make = (slots: SlotStore, more: object = {}) => {
    const clock = createFakeClock()
    return { clock, queue: createQueue({ queue: { concurrency: 3, slots, ...more }, clock }) }
  }

  test('no more run than the caps say, everybody runs, and priority holds within each', async () => {
    const slots = semaphore()
    const sides = [make(slots), make(slots), make(slots)]
    const order: string[][] = [[], [], []]
    let most = 0
    let running = 0
    const calls = sides.flatMap(({ queue }, side) =>
      Array.from({ length: 30 }, (_, call) =>
        queue.run({ priority: call === 29 ? 'critical' : 'low', requestId: `${call}` }, async () => {
          most = Math.max(most, ++running)
          order[side]?.push(`${call}`)
          await turn()
          running--
        }),
      ),
    )
    await Promise.all(calls)
    expect(most).toBe(3)
    for (const names of order) {
      expect(names).toHaveLength(30)
      // At most three were on their way already.
      expect(names.indexOf('29')).toBeLessThan(4)
      expect(names.filter((name) => name !== '29')).toEqual(
        Array.from({ length: 29 }, (_, call) => `${call}`),
      )
    }
    expect([...slots.held.values()]).toEqual([0])
    for (const { queue, clock } of sides) {
      await queue.close()
      expect(clock.pending).toBe(0)
    }
  })

  test('a full provider or user holds only its own calls up', async () => {
    const slots = semaphore()
    const more = { concurrency: 10, perProvider: { a: 1 }, perUser: 2 }
    const [one, two] = [make(slots, more), make(slots, more)]
    const held = [
      await one.queue.acquire({ provider: 'a' }),
      await one.queue.acquire({ user: 'u' }),
      await one.queue.acquire({ user: 'u' }),
    ]
    const started: string[] = []
    const jobs = [{ provider: 'a' }, { user: 'u' }, { user: 'v', provider: 'b' }]
    for (const [index, job] of jobs.entries()) void two.queue.run(job, () => void started.push(`${index}`))
    await turn()
    expect(started).toEqual(['2'])
    held[0]?.release()
    await turn()
    expect(started).toEqual(['2', '0'])
    held[1]?.release()
    await turn()
    expect(started).toEqual(['2', '0', '1'])
  })

  test('a refusal is asked again after a second: a process that crashed sends no news', async () => {
    const slots = semaphore()
    const { clock, queue } = make(slots)
    slots.held.set('total', 3)
    let ran = false
    void queue.run({}, () => (ran = true))
    await turn()
    slots.held.set('total', 2)
    await clock.advanceAsync(999)
    expect(ran).toBe(false)
    await clock.advanceAsync(1)
    expect(ran).toBe(true)
  })

  test('a call that aborts meanwhile releases what it got; errors of the slots reach the caller; none may wait: queue-full', async () => {
    const slots = semaphore()
    const { queue } = make(slots, { maxPending: 0 })
    const controller = new AbortController()
    const left = queue.acquire({ signal: controller.signal })
    controller.abort()
    await expect(left).rejects.toMatchObject({ kind: 'aborted' })
    await turn()
    expect(slots.held.get('total')).toBe(0)
    slots.held.set('total', 3)
    await expect(queue.acquire({})).rejects.toMatchObject({ kind: 'queue-full', pending: 0 })
    const down = make({ ...slots, take: () => Promise.reject(new Error('down')) })
    await expect(down.queue.acquire({})).rejects.toMatchObject({ kind: 'overloaded' })
    await expect(down.queue.drain()).resolves.toBeUndefined()
  })
})
