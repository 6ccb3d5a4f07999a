import { getEventListeners, once } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import { LlmError } from 'llm-switchyard'
import { createTemplatePool, type TemplatePool, type TemplatePoolOptions } from 'llm-switchyard/templates'
import { createFakeClock } from 'llm-switchyard/testing'
import { outputOf, startChild } from '../children.ts'
import { setTraps } from './watch.ts'

const pools: TemplatePool[] = []
// A process may take its time on a busy machine: what is to end has a clock of its own.
const patient = { startMs: 120_000, deadlineMs: 60_000 }
const open = (options: TemplatePoolOptions = {}): TemplatePool => {
  const pool = createTemplatePool({ ...patient, ...options })
  pools.push(pool)
  return pool
}
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()))
})

const module = new URL('hanging-module.mjs', import.meta.url)
const index = new URL('../../src/templates/index.ts', import.meta.url).href

const failureOf = async (rendering: Promise<string>): Promise<LlmError> => {
  const error: unknown = await rendering.catch((thrown: unknown) => thrown)
  if (!LlmError.is(error)) throw new Error(`it gave ${String(error)}`)
  return error
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Resolves when no process of `pids` is left. */
const gone = async (pids: readonly number[]): Promise<void> => {
  while (pids.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 20))
}

describe('a pool', () => {
  test('renders in other processes, and uses them again', async () => {
    const pool = open({ processes: 2 })
    const texts = await Promise.all(
      Array.from({ length: 20 }, (_item, at) =>
        pool.render('{{ n }}:{{ l|sort|join }}', { n: at, l: [2, 1] }),
      ),
    )
    expect(texts).toEqual(Array.from({ length: 20 }, (_item, at) => `${at}:12`))
    const { pids, busy, pending } = pool.stats()
    expect(pids.length).toBeLessThanOrEqual(2)
    expect(pids).not.toContain(process.pid)
    expect({ busy, pending }).toEqual({ busy: 0, pending: 0 })
    await pool.render('x')
    expect(pool.stats().pids).toEqual(pids)
  })

  test('refuses what the process itself refuses, with line and reason', async () => {
    const error = await failureOf(open().render('a\n{{ b.c() }}'))
    expect(error.kind).toBe('template-failed')
    expect(error.message).toBe('Template line 2: only macros, caller and range can be called, by name')
  })

  test('passes limits and layout on', async () => {
    const pool = open({ processes: 1, limits: { maxRange: 3, maxSteps: Infinity }, trimBlocks: true })
    expect(await pool.render('{% if true %}\nx{% endif %}')).toBe('x')
    expect((await failureOf(pool.render('{{ range(4) }}'))).message).toContain('maxRange')
  })

  test('runs no code of the data, and refuses what is no plain JSON', async () => {
    const { data, sprung } = setTraps()
    const {
      top: _top,
      instance: _instance,
      getter: _getter,
      ...rest
    } = Object.getOwnPropertyDescriptors(data)
    const pool = open({ processes: 1 })
    expect(await pool.render('{{ name }}{{ o.a }}{{ f }}', Object.defineProperties({}, rest))).toBe('Adax')
    expect((await failureOf(pool.render('{{ name }}', data))).kind).toBe('template-failed')
    expect((await failureOf(pool.render('x', 5))).kind).toBe('template-failed')
    expect((await failureOf(pool.render(5 as unknown as string))).kind).toBe('template-failed')
    expect(sprung()).toEqual([])
  })

  test('kills a process at the deadline, and goes on with another', async () => {
    const clock = createFakeClock()
    const pool = open({ module, processes: 1, deadlineMs: 300, clock })
    const [, before] = (await pool.render('ok')).split(' ')
    const hanging = pool.render('hang')
    const waiting = pool.render('next')
    clock.advance(300)
    const error = await failureOf(hanging)
    expect(error.kind).toBe('template-failed')
    expect(error.message).toContain(
      'killed after 300 ms; simplify the template or raise deadlineMs of the pool',
    )
    const [text, after] = (await waiting).split(' ')
    expect(text).toBe('next')
    expect(after).not.toBe(before)
    await gone([Number(before)])
  })

  test('survives a process that runs out of memory, dies or talks nonsense', async () => {
    const pool = open({ module, processes: 1, heapMb: 32, deadlineMs: 20_000 })
    expect((await failureOf(pool.render('grow'))).message).toContain('memory')
    expect((await failureOf(pool.render('die'))).kind).toBe('template-failed')
    expect((await failureOf(pool.render('garble'))).message).toBe('Template: its process returned no text')
    expect(await pool.render('lie')).toMatch(/^lie \d+$/)
    expect(await pool.render('ok')).toMatch(/^ok \d+$/)
  })

  test('leaves no process behind when it is closed, whatever it was doing', async () => {
    const pool = open({ module, processes: 2, deadlineMs: 60_000 })
    await Promise.all([pool.render('a'), pool.render('b'), pool.render('c')])
    const failures = ['hang', 'hang', 'waits'].map((source) => failureOf(pool.render(source)))
    const { pids } = pool.stats()
    expect(pids).toHaveLength(2)
    await Promise.all([pool.close(), pool.close()])
    expect((await Promise.all(failures)).map(({ kind }) => kind)).toEqual(['aborted', 'aborted', 'aborted'])
    expect(pids.filter(isAlive)).toEqual([])
    expect((await failureOf(pool.render('x'))).kind).toBe('aborted')
  })

  test('may be closed while its first process starts', async () => {
    const pool = open()
    const failure = failureOf(pool.render('x'))
    await pool.close()
    expect((await failure).kind).toBe('aborted')
    expect(pool.stats().pids).toEqual([])
  })

  test('refuses more than may wait', async () => {
    const pool = open({ module, processes: 1, maxPending: 2 })
    const renderings = ['a', 'b'].map((source) => pool.render(source))
    const error = await failureOf(pool.render('c'))
    expect(error).toMatchObject({ kind: 'queue-full', pending: 2 })
    await Promise.all(renderings)
  })

  test('gives up on a signal, and takes its listener back', async () => {
    const pool = open({ module, processes: 1 })
    const controller = new AbortController()
    const { signal } = controller
    for (let turn = 0; turn < 20; turn++) await pool.render('x', {}, { signal })
    expect(getEventListeners(signal, 'abort')).toEqual([])
    const failure = failureOf(pool.render('hang', {}, { signal }))
    controller.abort()
    expect((await failure).kind).toBe('aborted')
    expect((await failureOf(pool.render('x', {}, { signal }))).kind).toBe('aborted')
  })

  test('says so where no process starts', async () => {
    const pool = open({ module: 'file:///nowhere/at/all.mjs' })
    const failures = await Promise.all([failureOf(pool.render('a')), failureOf(pool.render('b'))])
    expect(failures.map(({ kind }) => kind)).toEqual(['misconfigured', 'misconfigured'])
  })

  test('refuses bad limits at once', () => {
    expect(() => createTemplatePool({ limits: { maxSteps: -1 } })).toThrow('limits.maxSteps')
  })
})

describe('an application', () => {
  const program = (rest: string): string[] => [
    '--input-type=module',
    '--eval',
    `const { createTemplatePool } = await import(${JSON.stringify(index)}); ${rest}`,
  ]

  test('ends although its pool was never closed, and its processes with it', async () => {
    const code =
      'const pool = createTemplatePool({ startMs: 120_000, deadlineMs: 60_000 }); await pool.render("x"); console.log(pool.stats().pids.join())'
    const pids = (await outputOf('node', program(code))).trim().split(',').map(Number)
    expect(pids).toHaveLength(1)
    await gone(pids)
  })

  test('that is killed takes its processes with it', async () => {
    const code =
      'const pool = createTemplatePool({ startMs: 120_000, deadlineMs: 60_000 }); await pool.render("x"); console.log(pool.stats().pids.join()); setInterval(() => 0, 1000)'
    const host = startChild('node', program(code), { stdio: ['ignore', 'pipe', 'ignore'] })
    const [chunk] = (await once(host.stdout, 'data')) as [Buffer]
    const pids = chunk.toString().trim().split(',').map(Number)
    expect(pids.every(isAlive)).toBe(true)
    host.kill('SIGKILL')
    await gone(pids)
  })
})
