import type { LlmError } from '../../src/core/error.ts'
import {
  createQueue,
  type CallQueue,
  type QueueConfig,
  type QueueEvent,
  type QueueJob,
  type Slot,
} from '../../src/queue/index.ts'
import { createFakeClock, type FakeClock } from '../../src/testing/fake-clock.ts'

/** One call, and what became of it. */
export interface Call {
  readonly name: string
  slot?: Slot
  error?: LlmError
  startedAt?: number
}

/** A queue on a stopped clock, and the calls that were made, in the order in which they started. */
export interface UnderTest {
  readonly queue: CallQueue
  readonly clock: FakeClock
  readonly events: QueueEvent[]
  readonly started: Call[]
  readonly names: () => string[]
  /** Asks for a slot; `name` is the request id unless the job says otherwise. */
  readonly ask: (name: string, job?: QueueJob) => Call
  /** Ends the call that has run longest, and lets the next one start. */
  readonly next: () => Promise<void>
}

export function setUp(queue: QueueConfig = {}): UnderTest {
  const clock = createFakeClock()
  const events: QueueEvent[] = []
  const under = createQueue({ queue, clock, observe: (event) => void events.push(event) })
  const started: Call[] = []
  const ask = (name: string, job: QueueJob = {}): Call => {
    const call: Call = { name }
    under.acquire({ requestId: name, ...job }).then(
      (slot) => {
        call.slot = slot
        call.startedAt = clock.now()
        started.push(call)
      },
      (error: unknown) => (call.error = error as LlmError),
    )
    return call
  }
  let ended = 0
  const next = async (): Promise<void> => {
    await turn()
    started[ended++]?.slot?.release()
    await turn()
  }
  return { queue: under, clock, events, started, names: () => started.map(({ name }) => name), ask, next }
}

/** Lets every promise go on that can. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Ends one call after the other until nothing runs. */
export async function runAll(under: UnderTest): Promise<string[]> {
  await turn()
  while (under.queue.status().running > 0) await under.next()
  return under.names()
}
