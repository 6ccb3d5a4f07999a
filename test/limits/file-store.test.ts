import { forkChild } from '../children.ts'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { createLimiter, type Limiter } from 'llm-switchyard/limits'
import { createFileLimitStore } from 'llm-switchyard/persistence/file-limits'
import { createFakeClock, limitStoreLaws } from 'llm-switchyard/testing'

const folders: string[] = []
async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'limits-'))
  folders.push(made)
  return made
}
afterEach(async () => {
  for (const made of folders.splice(0)) await rm(made, { recursive: true, force: true })
})

const limits = { ip: { requestsPerMinute: 5 }, burst: 1 }
const keys = (ip: string) => ({ tags: { ip } })
const start = Date.UTC(2026, 1, 3, 4, 5, 6, 7)

/** A monotonic clock and a clock of the machine, which can be set. */
function steppedClock() {
  const steady = createFakeClock({ epochMs: start })
  let shift = 0
  return {
    pass: steady.advance,
    set: (ms: number) => (shift += ms),
    clock: {
      now: () => steady.now(),
      epochMs: () => steady.epochMs() + shift,
      setTimer: (action: () => void, delayMs: number) => steady.setTimer(action, delayMs),
      clearTimer: (timer: Parameters<typeof steady.clearTimer>[0]) => steady.clearTimer(timer),
    },
  }
}

async function grants(limiter: Limiter, calls: number): Promise<number> {
  let granted = 0
  for (let call = 0; call < calls; call++) {
    const verdict = await limiter.reserve(keys('a'), {})
    if (verdict.granted) granted++
  }
  return granted
}

describe('the file store', () => {
  test.each(limitStoreLaws)('$name', async ({ check }) => {
    const directory = await folder()
    await check(() => {
      const clock = createFakeClock({ epochMs: start })
      return { store: createFileLimitStore({ directory, clock }), pass: clock.advance, exact: true }
    })
  })

  test('outlives its process; two of them share what there is', async () => {
    const directory = await folder()
    const one = createLimiter({ limits, store: createFileLimitStore({ directory }) })
    const two = createLimiter({ limits, store: createFileLimitStore({ directory }) })
    const answers = await Promise.all(
      Array.from({ length: 12 }, async (_item, call) =>
        (call % 2 === 0 ? one : two).reserve(keys('10.0.0.1'), {}),
      ),
    )
    expect(answers.filter(({ granted }) => granted)).toHaveLength(5)
    const later = createLimiter({ limits, store: createFileLimitStore({ directory }) })
    expect(await later.reserve(keys('10.0.0.1'), {})).toMatchObject({ granted: false, scope: 'ip' })
    expect(await later.reserve(keys('10.0.0.2'), {})).toMatchObject({ granted: true })
  })

  test('whatever an id holds, it is no file, and no two share a limit', async () => {
    const directory = await folder()
    const limiter = createLimiter({ limits, store: createFileLimitStore({ directory }) })
    const ids = ['../../etc/passwd', 'a/b', 'a_b', 'A_B', 'ä\u0000\n', 'x'.repeat(5_000), '.', 'CON']
    for (const id of ids)
      for (let call = 0; call < 5; call++)
        expect(await limiter.reserve(keys(id), {})).toMatchObject({ granted: true })
    for (const name of await readdir(directory)) expect(name).toMatch(/^limits\.db(-wal|-shm)?$/)
  })

  test('a folder that cannot be used: counted in the process, or refused', async () => {
    const file = join(await folder(), 'no-folder')
    await writeFile(file, '')
    const open = createLimiter({ limits, store: createFileLimitStore({ directory: file }) })
    for (let call = 0; call < 5; call++) (await open.reserveOrWait(keys('a'), {})).settle()
    await expect(open.reserveOrWait(keys('a'), {})).rejects.toMatchObject({ kind: 'limit-exceeded' })
    const closed = createLimiter({
      limits,
      store: createFileLimitStore({ directory: file, onDown: 'fail-closed' }),
    })
    await expect(closed.reserveOrWait(keys('a'), {})).rejects.toMatchObject({
      kind: 'overloaded',
      code: 'limit-store-down',
    })
  })

  test('a process that ends within a step leaves no lock; one that stays is waited for, then counts as down', async () => {
    const directory = await folder()
    const store = createFileLimitStore({ directory, lockMs: 60, onDown: 'fail-closed' })
    const limiter = createLimiter({ limits, store })
    expect(await grants(limiter, 1)).toBe(1)
    const holder = new DatabaseSync(join(directory, 'limits.db'))
    holder.exec('begin immediate')
    await expect(limiter.reserveOrWait(keys('a'), {})).rejects.toMatchObject({ code: 'limit-store-down' })
    holder.close()
    expect(await grants(limiter, 9)).toBe(4)
  })

  test('idle limits leave the file as new ones come', async () => {
    const directory = await folder()
    const clock = createFakeClock({ epochMs: start })
    const limiter = createLimiter({ limits, store: createFileLimitStore({ directory, clock }), clock })
    for (let id = 0; id < 40; id++) await limiter.reserve(keys(`old-${id}`), {})
    clock.advance(3_600_000)
    for (let id = 0; id < 10; id++) await limiter.reserve(keys(`new-${id}`), {})
    const file = new DatabaseSync(join(directory, 'limits.db'))
    expect(file.prepare('select count(*) as n from limits').get()).toEqual({ n: 10 })
    file.close()
  })
})

describe('a file that broke', () => {
  const damages = {
    'text instead of a database': (path: string) => writeFile(path, '{"key":"x","buck'.repeat(500)),
    nothing: (path: string) => truncate(path, 0),
    'half of it': (path: string) => truncate(path, 5_000),
    removed: (path: string) => rm(path),
  }
  test.each(Object.entries(damages))('%s: limits begin anew, for all processes', async (_name, damage) => {
    const directory = await folder()
    const first = createFileLimitStore({ directory })
    expect(await grants(createLimiter({ limits, store: first }), 3)).toBe(3)
    await first.close?.()
    const make = (): Limiter =>
      createLimiter({ limits, store: createFileLimitStore({ directory, onDown: 'fail-closed' }) })
    await damage(join(directory, 'limits.db'))
    const [one, two] = [make(), make()]
    expect((await grants(one, 2)) + (await grants(two, 9))).toBe(5)
  })

  test('while it is in use', async () => {
    const directory = await folder()
    const store = createFileLimitStore({ directory, onDown: 'fail-closed' })
    const limiter = createLimiter({ limits, store })
    expect(await grants(limiter, 3)).toBe(3)
    for (const name of await readdir(directory)) await writeFile(join(directory, name), 'broken '.repeat(900))
    expect(await grants(limiter, 9)).toBe(5)
  })

  test('a file that another process replaced is opened again', async () => {
    const directory = await folder()
    const make = (): Limiter =>
      createLimiter({ limits, store: createFileLimitStore({ directory, onDown: 'fail-closed' }) })
    const one = make()
    expect(await grants(one, 3)).toBe(3)
    await rm(directory, { recursive: true })
    const two = make()
    expect((await grants(two, 2)) + (await grants(one, 9))).toBe(5)
  })
})

describe('a clock of the machine that is set', () => {
  const steps = [-86_400_000, -3_600_000, -11_000, -1, 1, 3_600_000, 40 * 86_400_000]
  test.each(steps)('by %d ms: refill goes on by the time that passed', async (ms) => {
    const { clock, pass, set } = steppedClock()
    const limiter = createLimiter({
      limits,
      clock,
      store: createFileLimitStore({ directory: await folder(), clock }),
    })
    expect(await grants(limiter, 9)).toBe(5)
    set(ms)
    expect(await grants(limiter, 9)).toBe(0)
    pass(24_000)
    expect(await grants(limiter, 9)).toBe(2)
    set(-ms)
    expect(await grants(limiter, 9)).toBe(0)
    pass(12_000)
    expect(await grants(limiter, 9)).toBe(1)
  })

  test('back, seen by a process that begins then: refill goes on from there', async () => {
    const { clock, pass, set } = steppedClock()
    const directory = await folder()
    const make = (): Limiter =>
      createLimiter({ limits, clock, store: createFileLimitStore({ directory, clock }) })
    expect(await grants(make(), 9)).toBe(5)
    set(-3_600_000)
    const later = make()
    expect(await grants(later, 9)).toBe(0)
    pass(24_000)
    expect(await grants(later, 9)).toBe(2)
  })

  test('far ahead and back again: a budget does not wait for the period of that time', async () => {
    const { clock, set } = steppedClock()
    const limiter = createLimiter({
      limits: { budgets: [{ scope: 'ip', per: 'day', requests: 2 }] },
      clock,
      store: createFileLimitStore({ directory: await folder(), clock }),
    })
    set(400 * 86_400_000)
    expect(await grants(limiter, 9)).toBe(2)
    set(-400 * 86_400_000)
    expect(await grants(limiter, 9)).toBe(2)
    // A small step over midnight gives no second budget.
    set(20 * 3_600_000)
    expect(await grants(limiter, 9)).toBe(2)
    set(-1 * 3_600_000)
    expect(await grants(limiter, 9)).toBe(0)
  })
})

test('four processes on one folder grant what there is', async () => {
  const directory = await folder()
  const children = Array.from({ length: 4 }, () =>
    forkChild(join(import.meta.dirname, 'file-store-child.ts'), [directory]),
  )
  const results = await Promise.all(
    children.map(async (child) => Number(((await once(child, 'message')) as [unknown])[0])),
  )
  expect(results.reduce((sum, one) => sum + one, 0)).toBe(20)
})
