import { expect, test } from 'vitest'
import type { LlmError } from '../../../src/core/error.ts'
import type { LogBounds, LogHead, LogPage, StreamLog } from '../../../src/core/stream-log.ts'
import { text } from './sources.ts'

/** A log for one test; it and what it stands on end with the test. */
export type MakeLog = (bounds?: LogBounds) => Promise<StreamLog>

let made = 0
const all = { maxBatches: 1_000, maxBytes: 1_000_000 }

/** What the laws open a run with. */
export function headOf(more: Partial<LogHead> = {}): LogHead {
  const nothing = (): undefined => undefined
  return {
    id: `run-${++made}`,
    meta: { user: 'u' },
    figures: () => ({ tokens: 1 }),
    onStop: nothing,
    ...more,
  }
}

/** Every log keeps these. */
export function checkLogLaws(make: MakeLog): void {
  const textsOf = (page: LogPage | undefined): string[] =>
    (page?.entries ?? []).flatMap(({ batch }) =>
      batch.map((event) => (event.type === 'text-delta' ? event.text : event.type)),
    )

  test('gives what was written, in order and with places, from any place', async () => {
    const log = await make()
    const head = headOf()
    await log.create(head)
    await log.append(head.id, [[text('a'), text('b')], [text('c')]])
    await log.append(head.id, [[text('🙂\n\u2028"\ud800')]])
    const whole = await log.read(head.id, { after: 0, ...all })
    expect(whole).toMatchObject({ first: 1, last: 3, state: 'running', ending: undefined })
    expect(whole?.entries.map(({ seq }) => seq)).toEqual([1, 2, 3])
    expect(textsOf(whole)).toEqual(['a', 'b', 'c', '🙂\n\u2028"\ud800'])
    const rest = await log.read(head.id, { after: 2, ...all })
    expect(rest?.entries.map(({ seq }) => seq)).toEqual([3])
    expect((await log.read(head.id, { after: 3, ...all }))?.entries).toEqual([])
    expect((await log.read(head.id, { after: 99, ...all }))?.entries).toEqual([])
  })

  test('gives pages of bounded size, and at least one batch', async () => {
    const log = await make()
    const head = headOf()
    await log.create(head)
    await log.append(
      head.id,
      Array.from({ length: 10 }, (_, index) => [text(`${index}`.repeat(1_000))]),
    )
    const page = await log.read(head.id, { after: 0, maxBatches: 3, maxBytes: 1_000_000 })
    expect(page?.entries).toHaveLength(3)
    const few = await log.read(head.id, { after: 3, maxBatches: 100, maxBytes: 2_500 })
    expect(few?.entries.map(({ seq }) => seq)).toEqual([4, 5])
    const one = await log.read(head.id, { after: 5, maxBatches: 100, maxBytes: 1 })
    expect(one?.entries.map(({ seq }) => seq)).toEqual([6])
  })

  test('drops the oldest beyond its bounds and says so', async () => {
    const log = await make({ maxBatches: 10 })
    const head = headOf()
    await log.create(head)
    for (let batch = 1; batch <= 25; batch++) await log.append(head.id, [[text(`${batch}`)]])
    // From the first place, so that a log with a quicker way for the newest has no part in it.
    const page = await log.read(head.id, { after: 0, ...all })
    expect(page?.last).toBe(25)
    expect(page?.first).toBeGreaterThanOrEqual(16)
    expect(textsOf(page).at(-1)).toBe('25')
    expect(page?.entries[0]?.seq).toBe(page?.first)

    const small = await make({ maxBytes: 3_000 })
    const other = headOf()
    await small.create(other)
    for (let batch = 1; batch <= 9; batch++) await small.append(other.id, [[text('x'.repeat(1_000))]])
    const kept = await small.read(other.id, { after: 0, ...all })
    expect(kept?.last).toBe(9)
    expect(kept?.first).toBeGreaterThanOrEqual(7)
  })

  test('ends once, with its ending, and takes nothing after it', async () => {
    const log = await make()
    const head = headOf()
    await log.create(head)
    await log.append(head.id, [[text('a')]])
    const ending = { type: 'error', error: { kind: 'aborted', message: 'stopped' } } as const
    await log.end(head.id, ending)
    await log.end(head.id, { type: 'done' })
    expect(await log.read(head.id, { after: 0, ...all })).toMatchObject({ state: 'ended', ending, last: 1 })
    expect(await log.info(head.id)).toMatchObject({ state: 'ended', ending, last: 1, meta: { user: 'u' } })
    await expect(log.append(head.id, [[text('b')]])).rejects.toMatchObject({ code: 'run-lost' })
    expect(await log.cancel(head.id, 'too late')).toBe(false)
  })

  test('finds the newest run of a key', async () => {
    const log = await make()
    const [first, second] = [headOf({ key: 'c-ö {1}' }), headOf({ key: 'c-ö {1}' })]
    await log.create(first)
    expect(await log.find('c-ö {1}')).toBe(first.id)
    await log.create(second)
    expect(await log.find('c-ö {1}')).toBe(second.id)
    await log.end(second.id, { type: 'done' })
    expect(await log.find('c-ö {1}')).toBe(second.id)
    expect(await log.info(second.id)).toMatchObject({ key: 'c-ö {1}' })
    expect(await log.find('other')).toBeUndefined()
  })

  test('knows nothing of runs that are not there, and refuses an id twice', async () => {
    const log = await make()
    expect(await log.read('none', { after: 0, ...all })).toBeUndefined()
    expect(await log.info('none')).toBeUndefined()
    expect(await log.cancel('none', 'why')).toBe(false)
    const head = headOf()
    await log.create(head)
    await expect(log.create(head)).rejects.toMatchObject({ kind: 'conflict' })
  })

  test('tells the writer of a cancel', async () => {
    const log = await make()
    const heard = Promise.withResolvers<LlmError>()
    const head = headOf({ onStop: heard.resolve })
    await log.create(head)
    expect(await log.cancel(head.id, 'enough')).toBe(true)
    expect(await heard.promise).toMatchObject({ kind: 'aborted', code: 'cancelled', message: 'enough' })
  })

  test('wakes who watches, until that ends', async () => {
    const log = await make()
    const head = headOf()
    await log.create(head)
    let woken = 0
    const unwatch = log.watch(head.id, () => void woken++)
    await log.append(head.id, [[text('a')]])
    await expect.poll(() => woken).toBeGreaterThan(0)
    unwatch()
    const before = woken
    await log.append(head.id, [[text('b')]])
    expect(woken).toBe(before)
  })
}
