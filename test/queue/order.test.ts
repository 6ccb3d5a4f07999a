import { describe, expect, test } from 'vitest'
import type { Priority } from '../../src/queue/index.ts'
import { runAll, setUp, turn } from './set-up.ts'

describe('priorities', () => {
  test('run in their order, first come first served within one', async () => {
    const under = setUp({ concurrency: 1 })
    under.ask('first', { priority: 'low' })
    const arrivals: [string, Priority][] = [
      ['l1', 'low'],
      ['n1', 'normal'],
      ['c1', 'critical'],
      ['h1', 'high'],
      ['n2', 'normal'],
      ['c2', 'critical'],
      ['l2', 'low'],
      ['h2', 'high'],
    ]
    for (const [name, priority] of arrivals) under.ask(name, { priority })
    expect(await runAll(under)).toEqual(['first', 'c1', 'c2', 'h1', 'h2', 'n1', 'n2', 'l1', 'l2'])
  })

  test('a hundred of one priority run in the order in which they came', async () => {
    const under = setUp({ concurrency: 3 })
    const names = Array.from({ length: 100 }, (_, call) => `call ${call}`)
    for (const name of names) under.ask(name)
    expect(await runAll(under)).toEqual(names)
  })

  test('streams are high and others normal, by default', async () => {
    const under = setUp({ concurrency: 1 })
    under.ask('first')
    under.ask('whole')
    under.ask('stream', { streaming: true })
    under.ask('patient stream', { streaming: true, priority: 'low' })
    expect(under.queue.status().pendingByPriority).toEqual({ critical: 0, high: 1, normal: 1, low: 1 })
    expect(await runAll(under)).toEqual(['first', 'stream', 'whole', 'patient stream'])
  })

  test('a more urgent call that comes while a slot falls free goes first', async () => {
    const under = setUp({ concurrency: 1 })
    const first = under.ask('first')
    under.ask('normal')
    await turn()
    first.slot?.release()
    under.ask('critical', { priority: 'critical' })
    await turn()
    expect(under.names()).toEqual(['first', 'critical'])
  })
})

describe('users', () => {
  test('take turns within a priority', async () => {
    const under = setUp({ concurrency: 1 })
    for (const name of ['a1', 'a2', 'a3', 'b1', 'b2', 'c1', 'c2', 'c3']) under.ask(name, { user: name[0] })
    expect(await runAll(under)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'c2', 'a3', 'c3'])
  })

  test('but not over priorities', async () => {
    const under = setUp({ concurrency: 1 })
    under.ask('first')
    for (const name of ['a1', 'a2', 'a3']) under.ask(name, { user: 'a', priority: 'high' })
    for (const name of ['b1', 'b2']) under.ask(name, { user: 'b', priority: 'normal' })
    expect(await runAll(under)).toEqual(['first', 'a1', 'a2', 'a3', 'b1', 'b2'])
  })

  test('with nothing waiting have no claim from former turns', async () => {
    const under = setUp({ concurrency: 1 })
    for (let round = 0; round < 5; round++) {
      under.ask(`a${round}`, { user: 'a' })
      await turn()
      await under.next()
    }
    under.ask('a5', { user: 'a' })
    under.ask('a6', { user: 'a' })
    under.ask('b0', { user: 'b' })
    expect((await runAll(under)).slice(5)).toEqual(['a5', 'b0', 'a6'])
  })

  test.each([1, 4])(
    'with 1 000 waiting calls delay no newcomer by more than one service, %d at once',
    async (concurrency) => {
      const under = setUp({ concurrency, maxPending: 2000 })
      for (let call = 0; call < 1000; call++) under.ask(`hog ${call}`, { user: 'hog' })
      await turn()
      for (let call = 0; call < 37; call++) await under.next()
      const before = under.names().length
      const guest = under.ask('guest', { user: 'guest' })
      await under.next()
      expect(guest.slot).toBeDefined()
      expect(under.names().length).toBe(before + 1)
      const second = under.ask('guest again', { user: 'guest' })
      await under.next()
      await under.next()
      expect(second.slot).toBeDefined()
    },
  )

  test('that keep arriving do not starve one that waits', async () => {
    const under = setUp({ concurrency: 1, maxPending: 10_000 })
    for (let call = 0; call < 20; call++) under.ask(`hog ${call}`, { user: 'hog' })
    await turn()
    for (let user = 0; user < 100; user++) {
      under.ask(`guest ${user}`, { user: `guest ${user}` })
      await under.next()
    }
    // One call in every round; rounds grow with the users that wait: 1 + 3 + … + 19 is 100.
    const hogged = under.names().filter((name) => name.startsWith('hog'))
    expect(hogged.length).toBeGreaterThanOrEqual(10)
  })

  test('keep their place when they cancel calls', async () => {
    const under = setUp({ concurrency: 1, maxPending: 1000 })
    under.ask('first')
    for (let call = 0; call < 500; call++) under.ask(`a${call}`, { user: 'a' })
    for (let call = 0; call < 498; call++) under.queue.cancel(`a${call}`)
    for (let call = 0; call < 4; call++) under.ask(`b${call}`, { user: 'b' })
    expect(await runAll(under)).toEqual(['first', 'a498', 'b0', 'a499', 'b1', 'b2', 'b3'])
  })
})

describe('aging', () => {
  /** One low call under a never-ending flow of more urgent ones; when it starts. */
  async function lowUnder(
    flow: Priority,
    {
      concurrency = 1,
      serviceMs = 1000,
      agingMs,
    }: { concurrency?: number; serviceMs?: number; agingMs?: number },
  ): Promise<number | undefined> {
    const under = setUp({ concurrency, agingMs, maxPending: 1000 })
    for (let call = 0; call < 3 * concurrency; call++)
      under.ask(`flow ${call}`, { priority: flow, user: `${call}` })
    const low = under.ask('low', { priority: 'low' })
    await turn()
    for (let step = 0; step < 60_000 / serviceMs && low.slot === undefined; step++) {
      await under.clock.advanceAsync(serviceMs)
      for (let slot = 0; slot < concurrency; slot++) {
        under.ask(`more ${step}.${slot}`, { priority: flow, user: `${slot}` })
        await under.next()
      }
    }
    return low.startedAt
  }

  test.each([
    ['critical', {}],
    ['high', {}],
    ['normal', {}],
    ['critical', { concurrency: 10 }],
    ['critical', { serviceMs: 5000 }],
    ['critical', { serviceMs: 37 }],
  ] as const)('a low call is served within 15 s of a never-ending flow of %s ones, %j', async (flow, how) => {
    const startedAt = await lowUnder(flow, how)
    expect(startedAt).toBeGreaterThan(5000)
    expect(startedAt).toBeLessThanOrEqual(15_000)
  })

  test('within the time that is configured', async () => {
    expect(await lowUnder('high', { agingMs: 40_000 })).toBe(20_000)
  })

  test('can be turned off: priority is strict then', async () => {
    expect(await lowUnder('high', { agingMs: 0 })).toBeUndefined()
  })

  test('takes every second slot at most: urgent calls keep their half', async () => {
    const under = setUp({ concurrency: 1, maxPending: 1000 })
    under.ask('first')
    for (let call = 0; call < 20; call++) under.ask(`low ${call}`, { priority: 'low' })
    await turn()
    await under.clock.advanceAsync(60_000)
    for (let call = 0; call < 10; call++) under.ask(`critical ${call}`, { priority: 'critical' })
    const names = await runAll(under)
    expect(names.slice(1, 9)).toEqual([
      'low 0',
      'critical 0',
      'low 1',
      'critical 1',
      'low 2',
      'critical 2',
      'low 3',
      'critical 3',
    ])
  })

  test('does not change the order within a priority', async () => {
    const under = setUp({ concurrency: 1, maxPending: 1000 })
    under.ask('first')
    for (let call = 0; call < 5; call++) under.ask(`a${call}`, { user: 'a' })
    await under.clock.advanceAsync(60_000)
    for (let call = 0; call < 2; call++) under.ask(`b${call}`, { user: 'b' })
    expect(await runAll(under)).toEqual(['first', 'a0', 'b0', 'a1', 'b1', 'a2', 'a3', 'a4'])
  })
})

describe('caps per provider', () => {
  test('hold for each, and calls of others pass', async () => {
    const under = setUp({ concurrency: 10, perProvider: 2 })
    for (const name of ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'b3']) under.ask(name, { provider: name[0] })
    under.ask('none')
    await turn()
    expect(under.names()).toEqual(['a1', 'a2', 'b1', 'b2', 'none'])
    await under.next()
    expect(under.names().at(-1)).toBe('a3')
    expect(await runAll(under)).toHaveLength(8)
  })

  test('by name; a provider without one has only the common cap', async () => {
    const under = setUp({ concurrency: 4, perProvider: { a: 1 } })
    for (const name of ['a1', 'a2', 'b1', 'b2', 'b3', 'b4']) under.ask(name, { provider: name[0] })
    await turn()
    expect(under.names()).toEqual(['a1', 'b1', 'b2', 'b3'])
    await under.next()
    expect(under.names().at(-1)).toBe('a2')
    await under.next()
    expect(under.names().at(-1)).toBe('b4')
  })

  test('keep first come, first served for one user over several providers', async () => {
    const under = setUp({ concurrency: 1, perProvider: { a: 1, b: 1 } })
    const names = ['a1', 'a2', 'b1', 'b2', 'c1', 'a3', 'b3']
    for (const name of names) under.ask(name, { provider: name[0], user: 'u' })
    expect(await runAll(under)).toEqual(names)
  })

  test('a full provider with an urgent call does not hold up others', async () => {
    const under = setUp({ concurrency: 2, perProvider: { a: 1 } })
    under.ask('a1', { provider: 'a' })
    under.ask('a2', { provider: 'a', priority: 'critical' })
    under.ask('b1', { provider: 'b', priority: 'low' })
    await turn()
    expect(under.names()).toEqual(['a1', 'b1'])
    under.started[1]?.slot?.release()
    await turn()
    expect(under.names()).toEqual(['a1', 'b1'])
    under.started[0]?.slot?.release()
    await turn()
    expect(under.names()).toEqual(['a1', 'b1', 'a2'])
  })
})
