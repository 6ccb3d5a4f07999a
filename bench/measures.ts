import type { Subject } from './subject.ts'
import { CHUNKS, STREAM_LENGTH, WHOLE_TEXT } from './wire.ts'

/** What is timed in one process per subject. */
export type MeasureId = 'call' | 'call-64' | 'chunk' | 'chunk-16' | 'chunk-each' | 'chunk-padded' | 'first'

/** How long to run: until the time is up, and whole rounds only. */
export interface Span {
  readonly warmMs: number
  readonly runMs: number
}

/** CPU is user and system time of the process; a unit is a call or a chunk. */
export interface Sample {
  readonly cpuUs: number
  readonly perSecond: number
  /** Time to the first text, in milliseconds, where that is what was measured. */
  readonly p50?: number | undefined
  readonly p99?: number | undefined
}

interface Round {
  /** Units of one round. */
  readonly units: number
  run(): Promise<void>
}

/** Runs one measure of one subject against the server at `origin`. Throws where an answer is not what the server sent. */
export async function measure(id: MeasureId, subject: Subject, origin: string, span: Span): Promise<Sample> {
  if (id === 'first') return measureFirst(subject, origin, span)
  const round = roundOf(id, subject, origin)
  await repeat(round, span.warmMs)
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  const units = await repeat(round, span.runMs)
  const { user, system } = process.cpuUsage(cpu)
  return { cpuUs: (user + system) / units, perSecond: (units * 1_000) / (performance.now() - startedAt) }
}

async function repeat(round: Round, forMs: number): Promise<number> {
  const until = performance.now() + forMs
  let units = 0
  do {
    await round.run()
    units += round.units
  } while (performance.now() < until)
  return units
}

function roundOf(id: Exclude<MeasureId, 'first'>, subject: Subject, origin: string): Round {
  switch (id) {
    case 'call':
      return { units: 20, run: () => lane(20, () => checkedCall(subject)) }
    case 'call-64':
      return { units: 64 * 4, run: () => atOnce(64, () => lane(4, () => checkedCall(subject))) }
    case 'chunk':
      return { units: CHUNKS, run: () => checkedStream(subject, `${origin}/coalesced/v1`) }
    case 'chunk-16':
      return {
        units: CHUNKS * 16,
        run: () => atOnce(16, () => checkedStream(subject, `${origin}/coalesced/v1`)),
      }
    case 'chunk-each':
      return { units: CHUNKS, run: () => checkedStream(subject, `${origin}/each/v1`) }
    case 'chunk-padded':
      return { units: CHUNKS, run: () => checkedStream(subject, `${origin}/padded/v1`) }
  }
}

async function lane(turns: number, action: () => Promise<void>): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await action()
}

async function atOnce(lanes: number, action: () => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: lanes }, action))
}

async function checkedCall(subject: Subject): Promise<void> {
  if ((await subject.call()) !== WHOLE_TEXT) throw new Error('the answer is not what the server sent')
}

async function checkedStream(subject: Subject, baseUrl: string): Promise<void> {
  let length = 0
  await subject.stream({
    baseUrl,
    onText: (text) => {
      length += text.length
    },
  })
  if (length !== STREAM_LENGTH) throw new Error(`${length} characters came of ${STREAM_LENGTH}`)
}

async function measureFirst(subject: Subject, origin: string, { warmMs, runMs }: Span): Promise<Sample> {
  const times: number[] = []
  const once = async (): Promise<void> => {
    const startedAt = performance.now()
    let firstMs: number | undefined
    const onText = (): void => {
      firstMs ??= performance.now() - startedAt
    }
    await subject.stream({ baseUrl: `${origin}/first/v1`, onText })
    if (firstMs === undefined) throw new Error('no text came')
    times.push(firstMs)
  }
  await repeat({ units: 1, run: once }, warmMs)
  times.length = 0
  const cpu = process.cpuUsage()
  await repeat({ units: 1, run: once }, runMs)
  const { user, system } = process.cpuUsage(cpu)
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN
  return {
    cpuUs: (user + system) / times.length,
    perSecond: times.length / (runMs / 1_000),
    p50: at(0.5),
    p99: at(0.99),
  }
}
