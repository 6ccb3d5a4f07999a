import { parseArgs } from 'node:util'
import { bundleSizes } from './bundle.ts'
import { printColdCosts } from './cold.ts'
import { printSizes } from './size.ts'
import { printStepCosts } from './steps.ts'
import { printStructuredCosts } from './structured.ts'
import { start, type Child } from './child.ts'
import type { Figures } from './figures.ts'
import type { MeasureId, Sample, Span } from './measures.ts'
import type { HoldSample } from './paced.ts'
import { report, toJson } from './report.ts'
import { startup, type StartupSample } from './startup.ts'
import { subjects, type SubjectId } from './subject.ts'
import type { Task } from './worker.ts'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    subjects: { type: 'string' },
  },
})

const MEASURES: readonly MeasureId[] = [
  'call',
  'call-64',
  'chunk',
  'chunk-16',
  'chunk-each',
  'chunk-padded',
  'first',
]
const HELD: readonly SubjectId[] = ['hand', 'fetch', 'undici', 'guarded-undici']
// A call runs far more code than a chunk, and seldom: only after some 20 000 of them is the compiler done with it, and
// until then its threads are most of what a process spends. Measured in many short slices, each subject in turn: what
// one call costs over another is less than what the speed of a shared machine moves within a second.
const FULL = {
  repetitions: 5,
  holds: 3,
  span: { warmMs: 1_000, runMs: 1_000 },
  callSpan: { warmMs: 10_000, runMs: 100, slices: 40 },
  holdMs: 4_000,
}
const QUICK = {
  repetitions: 3,
  holds: 1,
  span: { warmMs: 600, runMs: 300 },
  callSpan: { warmMs: 5_000, runMs: 100, slices: 15 },
  holdMs: 1_500,
}
const plan = flags.quick ? QUICK : FULL
const STREAMS = 1_000

const chosen = flags.subjects?.split(',')
const ids = subjects.map(({ id }) => id).filter((id) => chosen?.includes(id) ?? true)
const wanted = (part: string): boolean => flags.only?.split(',').includes(part) ?? true

/** Samples under construction. */
type Table<T> = Partial<Record<SubjectId, T[]>>
const add = <T>(table: Table<T>, id: SubjectId, sample: T): void => void (table[id] ??= []).push(sample)

async function main(): Promise<void> {
  using server = start('server.ts')
  const origin = `http://127.0.0.1:${await server.ask<number>()}`
  const measures = Object.fromEntries(MEASURES.map((id) => [id, {}])) as Record<MeasureId, Table<Sample>>
  for (let turn = 0; turn < plan.repetitions; turn++) {
    say(`repetition ${turn + 1} of ${plan.repetitions}`)
    await measureAll(turn, origin, measures)
  }
  const hold = wanted('hold') ? await holdAll(origin) : {}
  const started = wanted('startup') ? await startAll(origin) : {}
  const bundles = wanted('bundle') ? await bundleSizes() : []
  const figures: Figures = { measures, hold, startup: started, bundles }
  console.log(flags.json ? JSON.stringify(toJson(figures), null, 2) : `\n${report(figures)}`)
}

/** One repetition: a fresh process per subject, all of them alive, each measure taken by one after the other. */
async function measureAll(
  turn: number,
  origin: string,
  into: Record<MeasureId, Table<Sample>>,
): Promise<void> {
  const measures = MEASURES.filter(wanted)
  if (measures.length === 0) return
  using workers = new DisposableStack()
  const started = rotate(ids, turn).map((id) => ({ id, worker: workers.use(start('worker.ts', id, origin)) }))
  await Promise.all(started.map(({ worker }) => worker.ask()))
  for (const id of measures)
    for (const [slice, span] of spansOf(id).entries())
      for (const { id: subject, worker } of rotate(started, slice))
        add(into[id], subject, await take<Sample>(worker, { type: 'measure', id, span }))
}

/** What is measured in one process, slice by slice; only the first has to warm up. */
function spansOf(id: MeasureId): readonly Span[] {
  if (id !== 'call' && id !== 'call-64') return [plan.span]
  const { warmMs, runMs, slices } = plan.callSpan
  // In the same process, after the others: compiled, but for what only happens with many at once.
  const first = id === 'call' ? warmMs : warmMs / 4
  return Array.from({ length: slices }, (_none, slice) => ({ warmMs: slice === 0 ? first : 20, runMs }))
}

async function holdAll(origin: string): Promise<Table<HoldSample>> {
  const table: Table<HoldSample> = {}
  for (let turn = 0; turn < plan.holds; turn++) {
    say(`${STREAMS} open streams, repetition ${turn + 1} of ${plan.holds}`)
    for (const id of rotate(HELD, turn)) {
      using worker = start('worker.ts', id, origin)
      await worker.ask()
      add(table, id, await take<HoldSample>(worker, { type: 'hold', streams: STREAMS, holdMs: plan.holdMs }))
    }
  }
  return table
}

async function startAll(origin: string): Promise<Table<StartupSample>> {
  const table: Table<StartupSample> = {}
  say('imports')
  for (let turn = 0; turn < plan.repetitions; turn++)
    for (const id of rotate(ids, turn)) add(table, id, await startup(id, origin))
  return table
}

async function take<T>(worker: Child, task: Task): Promise<T> {
  const { sample, problem } = await worker.ask<{ sample?: T; problem?: string }>(task)
  if (sample === undefined) throw new Error(problem ?? 'the worker gave no sample')
  return sample
}

// Whoever runs first in a repetition pays for the server's warm caches: everyone takes a turn.
function rotate<T>(list: readonly T[], by: number): readonly T[] {
  const at = by % list.length
  return [...list.slice(at), ...list.slice(0, at)]
}

function say(line: string): void {
  if (process.stderr.isTTY || !flags.json) console.error(line)
}

if (positionals.includes('size')) await printSizes()
else if (positionals.includes('cold')) await printColdCosts()
else if (positionals.includes('steps')) await printStepCosts()
else if (positionals.includes('structured')) await printStructuredCosts()
else await main()
