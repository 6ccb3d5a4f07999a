import { setTimeout as sleep } from 'node:timers/promises'

/** How much longer than usual everything may take: `SWITCHYARD_PATIENCE`, default 1. */
export const patience: number = Math.max(1, Number(process.env['SWITCHYARD_PATIENCE']) || 1)

/** The time that passes while servers and processes with clocks of their own do theirs, in milliseconds. */
export function elapsed(): () => number {
  const startedAt = performance.now()
  return () => performance.now() - startedAt
}

/** How long to wait for what happens in another process or on a socket. */
export interface Patience {
  /** Time on a quiet machine. Default 30 000. */
  readonly withinMs?: number
  /** Default 5. */
  readonly everyMs?: number
}

/**
 * Waits until `holds`. The deadline is a number of looks, not a moment: a process that gets little CPU looks less
 * often, and so waits longer.
 */
export async function until(
  holds: () => boolean | Promise<boolean>,
  { withinMs = 30_000, everyMs = 5 }: Patience = {},
): Promise<void> {
  const looks = Math.ceil((withinMs * patience) / everyMs)
  for (let look = 0; !(await holds()); look++) {
    if (look >= looks) throw new Error(`still not so after ${looks} looks: ${String(holds)}`)
    await sleep(everyMs)
  }
}
