import { describe, expect, onTestFinished, test } from 'vitest'
import { createFakeClock } from '../../../src/testing/index.ts'
import { memoryStreamLog } from '../../../src/delivery/runs/index.ts'
import { checkLogLaws, headOf } from './log-laws.ts'
import { text } from './sources.ts'

describe('a log in memory', () => {
  checkLogLaws(async (bounds) => {
    const log = memoryStreamLog(bounds)
    onTestFinished(() => log.close())
    return log
  })

  const all = { after: 0, maxBatches: 10, maxBytes: 1_000_000 }

  test('forgets a run some time after its end, and leaves no timer', async () => {
    const clock = createFakeClock()
    const log = memoryStreamLog({ clock, ttlMs: 1_000 })
    const [first, second, third] = [headOf({ key: 'k' }), headOf(), headOf()]
    for (const head of [first, second, third]) await log.create(head)
    await log.end(first.id, { type: 'done' })
    clock.advance(600)
    await log.end(second.id, { type: 'done' })
    clock.advance(399)
    expect(await log.info(first.id)).toBeDefined()
    clock.advance(1)
    expect(await log.info(first.id)).toBeUndefined()
    expect(await log.find('k')).toBeUndefined()
    expect(await log.info(second.id)).toBeDefined()
    clock.advance(600)
    expect(await log.info(second.id)).toBeUndefined()
    expect(await log.info(third.id)).toBeDefined()
    expect(clock.pending).toBe(0)
    await log.end(third.id, { type: 'done' })
    expect(clock.pending).toBe(1)
    await log.close()
    expect(clock.pending).toBe(0)
  })

  test('drops ended runs first when all together grow too large', async () => {
    const log = memoryStreamLog({ maxTotalBytes: 10_000 })
    onTestFinished(() => log.close())
    const [ended, running] = [headOf(), headOf()]
    await log.create(ended)
    await log.create(running)
    await log.append(ended.id, [[text('x'.repeat(6_000))]])
    await log.end(ended.id, { type: 'done' })
    await log.append(running.id, [[text('x'.repeat(3_000))]])
    expect(await log.read(ended.id, all)).toBeDefined()
    await log.append(running.id, [[text('x'.repeat(3_000))]])
    expect(await log.read(ended.id, all)).toBeUndefined()
    expect((await log.read(running.id, all))?.entries).toHaveLength(2)
  })

  test('bounds that are none are refused by name', () => {
    for (const bounds of [{ maxBytes: 0 }, { maxBatches: -1 }, { ttlMs: Number.NaN }])
      expect(() => memoryStreamLog(bounds)).toThrow(
        expect.objectContaining({
          kind: 'misconfigured',
          message: expect.stringContaining(Object.keys(bounds)[0] ?? ''),
        }),
      )
  })
})
