import { onTestFinished } from 'vitest'
import {
  createRunHub,
  type RunEnd,
  type RunHub,
  type RunHubOptions,
  type RunReader,
} from '../../../src/delivery/runs/index.ts'
import { createFakeClock, type FakeClock } from '../../../src/testing/index.ts'

/** A hub on a clock of its own, and what it told of ends. */
export interface Made {
  readonly hub: RunHub
  readonly clock: FakeClock
  readonly ends: RunEnd[]
}

/** Makes a hub; it ends with the test. */
export function makeHub(options: RunHubOptions = {}): Made {
  const clock = createFakeClock()
  const ends: RunEnd[] = []
  const hub = createRunHub({ clock, onSave: (end) => void ends.push(end), ...options })
  onTestFinished(async () => {
    const closed = hub.close()
    await clock.advanceAsync(2_000)
    await closed
  })
  return { hub, clock, ends }
}

/** All text of a run. */
export async function textOf(reader: RunReader): Promise<string> {
  let whole = ''
  for await (const { batch } of reader)
    for (const event of batch) if (event.type === 'text-delta') whole += event.text
  return whole
}
