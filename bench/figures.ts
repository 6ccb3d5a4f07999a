import type { MeasureId, Sample } from './measures.ts'
import type { BundleSize } from './bundle.ts'
import type { HoldSample } from './paced.ts'
import type { StartupSample } from './startup.ts'
import type { SubjectId } from './subject.ts'

/** Every sample of one run: by measure, then by subject, in the order in which they were taken. */
export interface Figures {
  readonly measures: Readonly<Record<MeasureId, Samples<Sample>>>
  readonly hold: Samples<HoldSample>
  readonly startup: Samples<StartupSample>
  readonly bundles: readonly BundleSize[]
}
export type Samples<T> = Readonly<Partial<Record<SubjectId, readonly T[]>>>

/** A median over the samples; the ratio and the difference are medians over the pairs that were taken together. */
export interface Figure {
  readonly value: number
  readonly ratio: number
  readonly over: number
}

/** The figure of `subject`, against `base` (default the hand loop). `undefined` where it was not measured. */
export function figureOf<T>(
  samples: Samples<T>,
  subject: SubjectId,
  read: (sample: T) => number | undefined,
  base: SubjectId = 'hand',
): Figure | undefined {
  const own = samples[subject]?.map((sample) => read(sample) ?? Number.NaN) ?? []
  const against = samples[base]?.map((sample) => read(sample) ?? Number.NaN) ?? []
  if (own.length === 0) return undefined
  const pairs = own.map((value, index) => ({ value, other: against[index] ?? Number.NaN }))
  return {
    value: median(own),
    ratio: median(pairs.map(({ value, other }) => value / other)),
    over: median(pairs.map(({ value, other }) => value - other)),
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const high = sorted[Math.floor(middle)] ?? Number.NaN
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? Number.NaN) + high) / 2 : high
}
