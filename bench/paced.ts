import { setTimeout as sleep } from 'node:timers/promises'
import type { Subject } from './subject.ts'
import { PACE_MS } from './wire.ts'

const WORK_ROUNDS = 20

/** How many streams to hold open, and for how long. */
export interface Holding {
  readonly streams: number
  readonly holdMs: number
}

/** What many open streams cost. */
export interface HoldSample {
  /** Peak of the resident set over the one of the same process at work, per stream. */
  readonly rssKib: number
  /** The same over the one before the process had done anything but load and call once. */
  readonly coldRssKib: number
  readonly cpuUsPerChunk: number
  /** Chunks that came, as a share of those due. */
  readonly delivered: number
}

/** Opens many slow streams, holds them, and ends them all. */
export async function hold(
  subject: Subject,
  origin: string,
  { streams, holdMs }: Holding,
): Promise<HoldSample> {
  await subject.call()
  const rssCold = process.memoryUsage.rss()
  await work(subject, origin)
  const rssBefore = process.memoryUsage.rss()
  const controllers = Array.from({ length: streams }, () => new AbortController())
  let chunks = 0
  const onText = (): void => {
    chunks++
  }
  const running: Promise<unknown>[] = []
  let peak = rssBefore
  const sampler = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 100)
  for (const [index, { signal }] of controllers.entries()) {
    running.push(subject.stream({ baseUrl: `${origin}/paced/v1`, onText, signal }).catch(() => undefined))
    if (index % 25 === 24) await sleep(10)
  }
  await sleep(1_000)
  const before = { chunks, cpu: process.cpuUsage(), at: performance.now() }
  await sleep(holdMs)
  const { user, system } = process.cpuUsage(before.cpu)
  const came = chunks - before.chunks
  const due = (streams * (performance.now() - before.at)) / PACE_MS
  clearInterval(sampler)
  for (const controller of controllers) controller.abort()
  await Promise.all(running)
  return {
    rssKib: (peak - rssBefore) / 1_024 / streams,
    coldRssKib: (peak - rssCold) / 1_024 / streams,
    cpuUsPerChunk: (user + system) / came,
    delivered: came / due,
  }
}

/** Ordinary work for a while: the engine's young generation then has the size that it has in a service. */
async function work(subject: Subject, origin: string): Promise<void> {
  for (let round = 0; round < WORK_ROUNDS; round++) {
    const onText = (): void => undefined
    const streams = Array.from({ length: 16 }, () =>
      subject.stream({ baseUrl: `${origin}/coalesced/v1`, onText }),
    )
    await Promise.all(streams)
  }
}
