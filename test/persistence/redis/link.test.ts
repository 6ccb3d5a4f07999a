import { describe, expect, test } from 'vitest'
import { createRedisLimitStore, type RedisLimitEvent } from 'llm-switchyard/redis'
import { createFakeClock } from '../../../src/testing/index.ts'

/** A client whose answers the test gives, one by one, and a store over it that holds nothing else. */
function set(timeoutMs = 500) {
  const clock = createFakeClock()
  const asked: { at: number; answer: (reply: string) => void; fail: (error: Error) => void }[] = []
  const run = (): Promise<string> =>
    new Promise((answer, fail) => void asked.push({ at: clock.now(), answer, fail }))
  const lines: string[] = []
  const line = (_: object, message = ''): void => void lines.push(message)
  const events: RedisLimitEvent[] = []
  const store = createRedisLimitStore({
    client: { evalSha: run, eval: run },
    onDown: 'fail-closed',
    timeoutMs,
    clock,
    logger: { debug: line, info: line, warn: line, error: line },
    observe: (event) => events.push(event),
  })
  const reserve = () => store.reserve({ buckets: [], counters: [], maxWaitMs: 0 })
  const last = () => asked.at(-1) ?? expect.fail('nothing was asked')
  const down = async (): Promise<void> => {
    const call = reserve()
    last().fail(new Error('connection lost'))
    await expect(call).rejects.toMatchObject({ code: 'limit-store-down' })
  }
  return { clock, asked, lines, events, store, reserve, last, down }
}

// The loop turns that an answer, or its absence, needs to be seen.
const turn = async (): Promise<void> => {
  for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setImmediate(resolve))
}
const granted = '1 0 0'
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

describe('the way to Redis', () => {
  test('needs no timer but that of an operation under way', async () => {
    const { clock, last, reserve, store } = set()
    expect(clock.pending).toBe(0)
    const call = reserve()
    expect(clock.pending).toBe(1)
    last().answer(granted)
    expect(await call).toMatchObject({ granted: true })
    expect(clock.pending).toBe(0)
    expect(store.stats()).toMatchObject({ up: true, outages: 0, failures: 0 })
  })

  test('an operation that takes too long ends in time, and the next ones at once', async () => {
    const { asked, clock, reserve, store } = set(500)
    const calls = [reserve(), reserve()].map((call) => call.catch(messageOf))
    clock.advance(499)
    await turn()
    expect(store.stats().up).toBe(true)
    clock.advance(1)
    for (const call of calls) expect(await call).toContain('is down (no answer within 500 ms)')
    await expect(reserve()).rejects.toThrow('is down')
    expect(asked).toHaveLength(2)
    expect(store.stats()).toMatchObject({ up: false, outages: 1, failures: 2, refused: 3 })
  })

  test('a process that was blocked takes the answers that came meanwhile', async () => {
    const { clock, last, reserve, store } = set(500)
    const call = reserve()
    clock.advance(900)
    last().answer(granted)
    expect(await call).toMatchObject({ granted: true })
    await turn()
    expect(store.stats().up).toBe(true)
  })

  test('is looked for less and less often, one question at a time, and taken again by itself', async () => {
    const { asked, clock, down, events, last, lines, store } = set()
    await down()
    expect(clock.pending).toBe(1)
    const gaps: number[] = []
    for (let probe = 0; probe < 9; probe++) {
      const [since, before] = [clock.now(), asked.length]
      while (asked.length === before) clock.advance(5)
      gaps.push(clock.now() - since)
      clock.advance(60_000)
      expect(asked).toHaveLength(before + 1)
      last().fail(new Error('refused'))
      await turn()
    }
    const nominal = [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]
    for (const [index, ms] of nominal.entries()) {
      expect(gaps[index]).toBeGreaterThanOrEqual(0.75 * ms)
      expect(gaps[index]).toBeLessThanOrEqual(1.25 * ms + 5)
    }
    const before = asked.length
    while (asked.length === before) clock.advance(5)
    last().answer('OK')
    await turn()
    expect(store.stats()).toMatchObject({ up: true, outages: 1 })
    expect(clock.pending).toBe(0)
    expect(lines).toEqual(['Redis is down', 'Redis is up again'])
    expect(events).toMatchObject([
      { type: 'down', reason: 'connection lost', onDown: 'fail-closed' },
      { type: 'up', owed: 0 },
    ])
  })

  test('one that answers late is not back yet', async () => {
    const { asked, clock, down, last, store } = set(500)
    await down()
    clock.advance(130)
    expect(asked).toHaveLength(2)
    clock.advance(501)
    last().answer('OK')
    await turn()
    expect(store.stats().up).toBe(false)
    clock.advance(130)
    last().answer('OK')
    await turn()
    expect(store.stats().up).toBe(true)
  })

  test('one that comes and goes is trusted later each time', async () => {
    const { asked, clock, down, last, store } = set()
    const waits: number[] = []
    for (let outage = 0; outage < 5; outage++) {
      await down()
      const [since, before] = [clock.now(), asked.length]
      while (asked.length === before) clock.advance(5)
      waits.push(clock.now() - since)
      last().answer('OK')
      await turn()
      expect(store.stats().up).toBe(true)
    }
    expect(waits[4]).toBeGreaterThan(1000)
    clock.advance(10_000)
    await down()
    clock.advance(130)
    last().answer('OK')
    await turn()
    expect(store.stats()).toMatchObject({ up: true, outages: 6 })
  })

  test('what was sent before an outage does not start another one', async () => {
    const { asked, clock, last, reserve, store, down } = set(500)
    const old = reserve().catch(messageOf)
    await down()
    clock.advance(130)
    last().answer('OK')
    await turn()
    asked[0]?.fail(new Error('an old story'))
    expect(await old).toContain('is down')
    expect(store.stats()).toMatchObject({ up: true, outages: 1, failures: 2 })
  })

  test('closed during an outage, it leaves no timer and is not looked for', async () => {
    const { asked, clock, down, store } = set()
    await down()
    await store.close()
    expect(clock.pending).toBe(0)
    clock.advance(60_000)
    expect(asked).toHaveLength(1)
  })

  test('secrets in the words of a client go nowhere', async () => {
    const { last, events, lines, reserve } = set()
    const call = reserve()
    last().fail(new Error('WRONGPASS for sk-abcdefghijklmnopqrstuvwxyz0123'))
    const error = await call.catch((thrown: unknown) => thrown)
    expect(JSON.stringify([error, events, lines])).not.toContain('abcdefghijklmnop')
  })
})
