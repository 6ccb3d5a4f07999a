import { createOrchestrator, type ChatRequest } from 'llm-switchyard'
import { createFakeClock } from 'llm-switchyard/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { outputOf } from '../children.ts'
import { stopwatch } from '../proof.ts'

const never: typeof globalThis.fetch = () => new Promise(() => undefined)
const reply = { choices: [{ message: { content: 'Hello' }, finish_reason: 'stop' }] }
const atOnce: typeof globalThis.fetch = async () => Response.json(reply)
const request = (totalMs: number): ChatRequest & { stream?: false } => ({
  model: 'openai/m',
  messages: [{ role: 'user', content: 'Hi' }],
  timeouts: { totalMs },
})
const late = (totalMs: number) => ({
  kind: 'timeout',
  phase: 'total',
  message: expect.stringContaining(`${totalMs} ms`),
})
const providers = { openai: { apiKey: 'any', fetch: never } }

describe('calls that take too long', () => {
  test('end each at its own time, whatever the order in which they came', async () => {
    const clock = createFakeClock()
    await using yard = createOrchestrator({ providers, clock })
    const ended: number[] = []
    const totals = [500, 100, 300, 100, 0, 400]
    const calls = totals.map((totalMs) =>
      yard.chatApiCall(request(totalMs)).catch((error: unknown) => {
        ended.push(totalMs)
        return error
      }),
    )
    await expect.poll(() => yard.stats().active).toBe(6)
    const seen: number[][] = []
    for (let step = 0; step < 6; step++) {
      clock.advance(100)
      await new Promise((resolve) => setTimeout(resolve))
      seen.push([...ended])
    }
    expect(seen.map((all) => all.length)).toEqual([2, 2, 3, 4, 5, 5])
    expect(seen.at(-1)).toEqual([100, 100, 300, 400, 500])
    expect(await calls[0]).toMatchObject(late(500))
    expect(yard.stats().active).toBe(1)
    await yard.close({ drainMs: 0 })
    expect(await calls[4]).toMatchObject({ kind: 'aborted', code: 'shutdown' })
    expect(clock.pending).toBe(0)
  })

  test('leave no timer on a clock of their own once nothing runs', async () => {
    const clock = createFakeClock()
    await using yard = createOrchestrator({ providers, clock })
    const outcome = yard.chatApiCall(request(100)).catch((error: unknown) => error)
    await expect.poll(() => yard.stats().active).toBe(1)
    clock.advance(100)
    expect(await outcome).toMatchObject(late(100))
    expect(clock.pending).toBe(0)
  })
})

test('a call whose time is up ends, whatever its application still waits for', async () => {
  await using yard = createOrchestrator({ providers })
  const held = Promise.withResolvers<void>()
  const call = yard.chatApiCall({ ...request(30), onAdmitted: () => held.promise })
  expect(await call.catch((error: unknown) => error)).toMatchObject(late(30))
  expect(yard.stats()).toMatchObject({ active: 0, failed: 1 })
  held.resolve()
  expect(yard.stats()).toMatchObject({ active: 0, failed: 1 })
})

describe('timers that a test has put in place', () => {
  afterEach(() => void vi.useRealTimers())

  test('end a call, before and after others', async () => {
    await using yard = createOrchestrator({ providers })
    // Leaves its timer behind.
    const answered = async (totalMs: number): Promise<void> => {
      expect((await yard.chatApiCall({ ...request(totalMs), fetch: atOnce })).text).toBe('Hello')
    }
    const real = async (): Promise<void> => {
      await expect(yard.chatApiCall(request(30))).rejects.toMatchObject(late(30))
      await answered(40_000)
    }
    const faked = async (): Promise<void> => {
      vi.useFakeTimers()
      const outcome = yard.chatApiCall(request(50_000)).catch((error: unknown) => error)
      await vi.advanceTimersByTimeAsync(50_000)
      expect(await outcome).toMatchObject(late(50_000))
      await answered(1)
      vi.useRealTimers()
    }
    await real()
    await faked()
    await real()
    await faked()
  })
})

describe('a process that has nothing else to do', () => {
  const source = JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)
  const run = async (body: string): Promise<string> => {
    const code = `const { chatApiCall } = await import(${source}); ${body}`
    return (await outputOf('node', ['--input-type=module', '-e', code])).trim()
  }
  const call = (fetch: string, totalMs: number): string =>
    `await chatApiCall({ model: 'openai/m', apiKey: 'any', fetch: ${fetch}, timeouts: { totalMs: ${totalMs} }, messages: [{ role: 'user', content: 'Hi' }] })`
  const answered = call(`async () => Response.json(${JSON.stringify(reply)})`, 300)
  const hung = call('() => new Promise(() => {})', 600)

  test('waits for the deadline of its call', async () => {
    const said = `try { ${hung} } catch (error) { console.log(error.phase) }`
    expect(await run(said)).toBe('total')
    expect(await run(`${answered}; ${said}`)).toBe('total')
  })

  test('ends as soon as its call has', async () => {
    const took = stopwatch()
    expect(await run(`console.log((${answered.replace('300', '600000')}).text)`)).toBe('Hello')
    took.atMost(15_000)
  })
})
