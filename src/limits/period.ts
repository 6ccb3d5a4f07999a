/** A calendar period in UTC. */
export type Period = 'minute' | 'hour' | 'day' | 'month'

/** All periods, the shortest first. */
export const periods: readonly Period[] = ['minute', 'hour', 'day', 'month']

/** One period in ms since 1970, without its end. */
export interface PeriodSpan {
  readonly startMs: number
  readonly endMs: number
}

const LENGTH_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const

/** Returns the period that contains a time. Months have their calendar length. */
export function periodAt(per: Period, epochMs: number): PeriodSpan {
  if (per === 'month') {
    const date = new Date(epochMs)
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
    return { startMs: Date.UTC(year, month), endMs: Date.UTC(year, month + 1) }
  }
  const length = LENGTH_MS[per]
  const startMs = Math.floor(epochMs / length) * length
  return { startMs, endMs: startMs + length }
}
