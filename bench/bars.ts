import { figureOf, type Figure, type Figures } from './figures.ts'
import type { HoldSample } from './paced.ts'
import type { MeasureId, Sample } from './measures.ts'
import type { SubjectId } from './subject.ts'

/** One promise of the project, and whether this run kept it. */
export interface Bar {
  readonly says: string
  readonly most: number
  readonly is: number
  readonly unit: string
  readonly holds: boolean
}

const CHUNK_MEASURES = ['chunk', 'chunk-16', 'chunk-each', 'chunk-padded'] as const
const CALL_MEASURES = ['call', 'call-64'] as const

/** Every bar, of the bare call and of the one with everything on, judged by the medians of one run. */
export function judge(figures: Figures): Bar[] {
  const cpu = (id: MeasureId, subject: SubjectId): Figure | undefined =>
    figureOf(figures.measures[id], subject, (sample: Sample) => sample.cpuUs)
  const rss = figureOf(figures.hold, 'undici', (sample: HoldSample) => sample.rssKib)
  const core = figureOf(figures.startup, 'fetch', ({ importMs }) => importMs, 'ai-sdk')
  const bundleOf = (title: string): number | undefined => {
    const size = figures.bundles.find((one) => one.title === title)?.gzip
    return size === undefined ? undefined : size / 1_000
  }
  return [
    ...CHUNK_MEASURES.map((id) => bar(`on fetch, CPU per ${NAMES[id]}`, 1.15, cpu(id, 'fetch')?.ratio, '×')),
    ...CALL_MEASURES.map((id) =>
      bar(`on fetch, CPU over the hand loop, ${NAMES[id]}`, 40, cpu(id, 'fetch')?.over, 'µs'),
    ),
    ...CALL_MEASURES.map((id) => bar(`on undici, CPU per ${NAMES[id]}`, 0.5, cpu(id, 'undici')?.ratio, '×')),
    ...CHUNK_MEASURES.map((id) => bar(`on undici, CPU per ${NAMES[id]}`, 1, cpu(id, 'undici')?.ratio, '×')),
    ...CHUNK_MEASURES.map((id) =>
      bar(`everything on, on fetch, CPU per ${NAMES[id]}`, 1.25, cpu(id, 'guarded-fetch')?.ratio, '×'),
    ),
    ...CALL_MEASURES.map((id) =>
      bar(
        `everything on, on fetch, CPU over the hand loop, ${NAMES[id]}`,
        60,
        cpu(id, 'guarded-fetch')?.over,
        'µs',
      ),
    ),
    ...CALL_MEASURES.map((id) =>
      bar(`everything on, on undici, CPU per ${NAMES[id]}`, 0.6, cpu(id, 'guarded-undici')?.ratio, '×'),
    ),
    bar('on undici, RSS per open stream of 1 000', 60, rss?.value, 'KiB'),
    // 40 ms where the AI SDK takes 80.
    bar('import of the core, against the AI SDK', 0.5, core?.ratio, '×'),
    bar(
      'bundle of /core, openai-compatible',
      60,
      bundleOf('llm-switchyard/core, openai-compatible, streamed'),
      'KB',
    ),
    bar('bundle of /core, openai', 64, bundleOf('llm-switchyard/core, openai, streamed'), 'KB'),
    bar('bundle of the root', 140, bundleOf('llm-switchyard'), 'KB'),
  ]
}

/** What is measured, in words. */
export const NAMES: Readonly<Record<MeasureId, string>> = {
  call: 'call, one after the other',
  'call-64': 'call, 64 at once',
  chunk: 'chunk, 1 stream',
  'chunk-16': 'chunk, 16 streams',
  'chunk-each': 'chunk, one HTTP chunk per event',
  'chunk-padded': 'chunk, no two alike',
  first: 'first chunk',
}

function bar(says: string, most: number, is: number | undefined, unit: string): Bar {
  const value = is ?? Number.NaN
  return { says, most, is: value, unit, holds: value <= most }
}
