import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Usage } from 'llm-switchyard'
import type { RunStore } from 'llm-switchyard/tools'
import { expect } from 'vitest'
import { bundle } from '../bundle.ts'
import { chance } from '../chance.ts'
import { forkChild } from '../children.ts'
import { seedOf } from '../proof.ts'
import { calling, runHost, saying, steps } from './run-host.ts'

const ROUNDS = 4

/** The store that parent and children share, and the file that they write their effects to. */
export interface CrashPlace {
  readonly kind: 'sqlite' | 'postgres'
  readonly place: string
  readonly folder: string
}

interface Ended {
  readonly text: string
  readonly usage: Usage
  readonly steps: number
}

/**
 * Kills processes at random moments of their runs, until there were `kills` kills, and lets another process go on each time.
 * Every run ends with all its steps; no tool whose result was recorded runs again; usage is that of the recorded steps, and
 * of at most one begun step for each kill, as an estimate.
 */
export async function killedRuns(runs: RunStore, where: CrashPlace, kills: number): Promise<void> {
  const replies = Array.from({ length: ROUNDS }, (_none, at) =>
    calling(['work', { at }, `a${at}`], ['work', { at, b: 1 }, `b${at}`]),
  )
  await using it = await runHost(steps(...replies, saying('All done.')))
  const random = chance(seedOf(`killed runs on ${where.kind}`))
  const script = await bundle(join(import.meta.dirname, 'crash-child.ts'))
  for (let [kill, run] = [0, 0]; kill < kills; run++) {
    const runId = `run_${run}`
    const effects = join(where.folder, `${where.kind}-${runId}.txt`)
    let ended: Ended | undefined
    let killed = 0
    while (ended === undefined) {
      const child = forkChild(
        script,
        [where.kind, where.place, it.fake.baseUrl('openai-chat'), runId, effects],
        {
          stdio: 'pipe',
        },
      )
      const isKilled = kill < kills
      ended = await outcomeOf(child, isKilled ? random() * 150 : undefined)
      if (ended === undefined) {
        kill++
        killed++
      }
    }
    expect(ended).toMatchObject({ text: 'All done.', steps: ROUNDS })
    checkEffects(effects)
    await checkUsage(runs, { runId, killed, usage: ended.usage })
  }
}

async function outcomeOf(
  child: ReturnType<typeof forkChild>,
  killAfterMs: number | undefined,
): Promise<Ended | undefined> {
  let words = ''
  child.stderr?.on('data', (piece: Buffer) => void (words += piece.toString()))
  const exited = once(child, 'exit')
  let ended: Ended | undefined
  const ready = Promise.withResolvers<void>()
  const done = Promise.withResolvers<void>()
  child.on('message', (message) => {
    if (message === 'ready') return ready.resolve()
    ended = message as Ended
    done.resolve()
  })
  child.on('exit', () => {
    ready.reject(new Error(`the child ended by itself: ${words}`))
    done.resolve()
  })
  await ready.promise
  await (killAfterMs === undefined ? done.promise : Promise.race([done.promise, pause(killAfterMs)]))
  child.kill('SIGKILL')
  await exited
  if (ended === undefined && killAfterMs === undefined)
    throw new Error(`the child did not end its run: ${words}`)
  return ended
}

function checkEffects(path: string): void {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : []
  expect(lines.filter((line) => line.startsWith('AGAIN'))).toEqual([])
  const keys = new Set(lines.map((line) => line.split(' ')[1]))
  expect(keys.size).toBe(2 * ROUNDS)
}

async function checkUsage(
  runs: RunStore,
  { runId, killed, usage }: { readonly runId: string; readonly killed: number; readonly usage: Usage },
): Promise<void> {
  const records = await runs.read({ owner: '@/', runId })
  const models = records.filter(({ type }) => type === 'model')
  expect(models).toHaveLength(ROUNDS + 1)
  const begun = records.filter((record, at) => record.type === 'ask' && records[at + 1]?.type === 'claim')
  expect(begun.length).toBeLessThanOrEqual(killed)
  const estimated = begun.reduce(
    (sum, record) => sum + (record.type === 'ask' ? record.usage.inputTokens : 0),
    0,
  )
  expect(usage).toMatchObject({ inputTokens: 5 * (ROUNDS + 1) + estimated, outputTokens: 5 * (ROUNDS + 1) })
  expect(usage.estimated ?? false).toBe(begun.length > 0)
}
