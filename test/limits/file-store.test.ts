import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { createLimiter } from 'llm-switchyard/limits'
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

describe('the file store', () => {
  test.each(limitStoreLaws)('$name', async ({ check }) => {
    const directory = await folder()
    await check(() => {
      const clock = createFakeClock({ epochMs: Date.UTC(2026, 1, 3, 4, 5, 6, 7) })
      return { store: createFileLimitStore({ directory, clock }), pass: clock.advance, exact: true }
    })
  })

  const limits = { ip: { requestsPerMinute: 5 }, burst: 1 }
  const keys = (ip: string) => ({ tags: { ip } })

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

  test('whatever an id holds, its file stays in the folder, and no two share one', async () => {
    const directory = await folder()
    const limiter = createLimiter({ limits, store: createFileLimitStore({ directory }) })
    const ids = ['../../etc/passwd', 'a/b', 'a_b', 'A_B', 'ä\u0000\n', 'x'.repeat(5_000), '.', 'CON']
    for (const id of ids) await limiter.reserveOrWait(keys(id), {})
    const files = await readdir(directory)
    expect(files).toHaveLength(ids.length)
    for (const name of files) expect(name).toMatch(/^[\w-]+\.[0-9a-f]{24}\.json$/)
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

  test('the lock of a process that crashed is broken', async () => {
    const directory = await folder()
    const lock = join(directory, '.lock')
    await writeFile(lock, '')
    const old = new Date(Date.now() - 60_000)
    await utimes(lock, old, old)
    const limiter = createLimiter({ limits, store: createFileLimitStore({ directory }) })
    expect(await limiter.reserve(keys('a'), {})).toMatchObject({ granted: true })
  })
})
