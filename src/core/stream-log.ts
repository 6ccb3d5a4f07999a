import { LlmError } from './error.ts'
import type { EventBatch } from './event.ts'
import type { JsonObject } from './json.ts'

/** One batch of a run with its place: 1, 2, 3 … without gaps. */
export interface StreamLogEntry {
  readonly seq: number
  readonly batch: EventBatch
}

/** How a run ended, in a form that can be stored: `error` is an `LlmError` as its `toJSON` gives it. */
export interface LogEnding {
  readonly type: 'done' | 'error'
  readonly error?: JsonObject | undefined
}

/** `lost`: the process that wrote it is gone, and nothing will be added. */
export type LogState = 'running' | 'ended' | 'lost'

/** What a run's log is opened with. */
export interface LogHead {
  readonly id: string
  /** A second name that leads to the newest run that bears it: a conversation. */
  readonly key?: string | undefined
  /** What readers may want to know of the run; does not change. */
  readonly meta: JsonObject
  /** Asked for from time to time, and stored for readers elsewhere. */
  readonly figures: () => JsonObject
  /** Told at most once that the run must stop: somebody has cancelled it (`aborted`), or the log is lost to its writer. */
  readonly onStop: (error: LlmError) => void
}

export interface LogRange {
  /** The last place that the reader has; 0 for none. */
  readonly after: number
  readonly maxBatches: number
  /** At least one batch is given, whatever its size. */
  readonly maxBytes: number
}

/** A piece of a log. */
export interface LogPage {
  readonly entries: readonly StreamLogEntry[]
  /** Place of the oldest batch that is kept. */
  readonly first: number
  /** Place of the newest. */
  readonly last: number
  readonly state: LogState
  readonly ending?: LogEnding | undefined
}

/** What is known of a run without reading it. */
export interface LogInfo {
  readonly id: string
  readonly key?: string | undefined
  readonly state: LogState
  readonly last: number
  readonly meta: JsonObject
  readonly figures: JsonObject
  readonly ending?: LogEnding | undefined
}

/**
 * Where runs keep their batches, so that readers can come, go and come back. A log is bounded: past its bound the oldest
 * batches are dropped, and `first` says so. It is gone some time after its end. Every failure is an `LlmError`; code
 * `run-lost` where the log no longer belongs to the writer.
 */
export interface StreamLog {
  /** Opens a log. Rejects with `conflict` where there is one with this id. */
  create(head: LogHead): Promise<void>
  /** Adds batches in order. Once it resolves, every reader anywhere can have them. */
  append(id: string, batches: readonly EventBatch[]): Promise<void>
  /** Nothing more comes. A second call changes nothing. */
  end(id: string, ending: LogEnding): Promise<void>
  /** `undefined` where there is no such log, or no more. */
  read(id: string, range: LogRange): Promise<LogPage | undefined>
  info(id: string): Promise<LogInfo | undefined>
  /** The newest run with this key, while its log is kept. */
  find(key: string): Promise<string | undefined>
  /** Asks the run's writer, wherever it is, to stop. False where no such run is under way. */
  cancel(id: string, reason: string): Promise<boolean>
  /** Calls `wake` whenever there may be something new. Returns what ends it. */
  watch(id: string, wake: () => void): () => void
  /** How many in other processes wait for more of a run. Absent where there are no other processes. */
  followers?(id: string): Promise<number>
  /** Ends what it opened, timers too. Logs that others may read stay. */
  close(): Promise<void>
}

/** How much of one run is kept, and for how long. */
export interface LogBounds {
  /** Bytes of one run's batches; beyond it the oldest are dropped. Default 16 MiB. */
  readonly maxBytes?: number | undefined
  /** Batches of one run; beyond it the oldest are dropped. Default 100 000. */
  readonly maxBatches?: number | undefined
  /** How long a run can be read after its end, in milliseconds. Default 300 000. */
  readonly ttlMs?: number | undefined
}

/** The bounds with their defaults. Throws `misconfigured` naming the one that is wrong. */
export function readLogBounds({ maxBytes = 16_777_216, maxBatches = 100_000, ttlMs = 300_000 }: LogBounds): {
  readonly maxBytes: number
  readonly maxBatches: number
  readonly ttlMs: number
} {
  const bounds = { maxBytes, maxBatches, ttlMs }
  for (const [path, value] of Object.entries(bounds)) {
    if (typeof value === 'number' && value > 0) continue
    const message = 'takes a number above 0'
    throw new LlmError('misconfigured', `stream log: ${path} ${message}`, { issues: [{ path, message }] })
  }
  return bounds
}
