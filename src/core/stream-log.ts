import type { LlmError } from './error.ts'
import type { EventBatch } from './event.ts'
import type { JsonObject } from './json.ts'
import { checkOptions, optionsSchema, type Rows } from './options.ts'
import { orInfinity, positiveCount, positiveMilliseconds, type Group } from './schema.ts'

/** One batch of a run with its sequence number: 1, 2, 3 … without gaps. */
export interface StreamLogEntry {
  readonly seq: number
  readonly batch: EventBatch
}

/** The end of a run as JSON: `error` is the `toJSON()` of an `LlmError`. */
export interface LogEnding {
  readonly type: 'done' | 'error'
  readonly error?: JsonObject | undefined
}

/** State of a log. `lost`: its writer's process died, so that no batch will follow. */
export type LogState = 'running' | 'ended' | 'lost'

/** Properties of a new log. */
export interface LogHead {
  readonly id: string
  /** A second name, such as a conversation's id: it finds the newest run that has it. */
  readonly key?: string | undefined
  /** Constant facts about the run, for readers. */
  readonly meta: JsonObject
  /** Called periodically for the run's current figures, which are stored for readers in other processes. */
  readonly figures: () => JsonObject
  /** Called at most once when the run must stop, because it was cancelled (`aborted`) or the writer has lost the log. */
  readonly onStop: (error: LlmError) => void
}

/** The part of a log to read. */
export interface LogRange {
  /** The last sequence number that the reader has; 0 for none. */
  readonly after: number
  readonly maxBatches: number
  /** Maximum size of a page in bytes. A page holds at least one batch of any size. */
  readonly maxBytes: number
}

/** A page of a log. */
export interface LogPage {
  readonly entries: readonly StreamLogEntry[]
  /** Sequence number of the oldest stored batch. */
  readonly first: number
  /** Sequence number of the newest batch. */
  readonly last: number
  readonly state: LogState
  readonly ending?: LogEnding | undefined
}

/** Facts about a run, without its batches. */
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
 * Stores the batches of runs, so that readers can disconnect and resume. A log is bounded: beyond its bounds the oldest
 * batches are dropped, which `first` shows. It is deleted `ttlMs` after its end. Every method rejects with an `LlmError`, of
 * code `run-lost` if another process has taken the log from its writer.
 */
export interface StreamLog {
  /** Creates a log. Rejects with `conflict` if the id exists. */
  create(head: LogHead): Promise<void>
  /** Appends batches in order. Once it resolves, readers in all processes can read them. */
  append(id: string, batches: readonly EventBatch[]): Promise<void>
  /** Marks the log as ended. Idempotent. */
  end(id: string, ending: LogEnding): Promise<void>
  /** Resolves to a page, `undefined` if the log does not exist or was deleted. */
  read(id: string, range: LogRange): Promise<LogPage | undefined>
  info(id: string): Promise<LogInfo | undefined>
  /** Resolves to the id of the newest run with this key whose log is stored. */
  find(key: string): Promise<string | undefined>
  /** Asks the run's writer, in any process, to stop. Resolves to whether such a run is running. */
  cancel(id: string, reason: string): Promise<boolean>
  /** Calls `wake` when the log may have changed. Returns a function that removes the watcher. */
  watch(id: string, wake: () => void): () => void
  /** Number of readers in other processes that follow a run. Absent if there are no other processes. */
  followers?(id: string): Promise<number>
  /** Closes connections and timers. Stored logs remain readable. */
  close(): Promise<void>
}

/** Bounds of the log of one run. */
export interface LogBounds {
  /** Maximum bytes of one run's batches; beyond it the oldest are dropped. Default 16 MiB. */
  readonly maxBytes?: number | undefined
  /** Maximum number of batches of one run; beyond it the oldest are dropped. Default 100 000. */
  readonly maxBatches?: number | undefined
  /** Time that a log stays readable after its end, in ms. Default 300 000. */
  readonly ttlMs?: number | undefined
}

/** The fields of {@link LogBounds}. */
export const logBoundsRows = (): Rows<LogBounds> => ({
  maxBytes: orInfinity(positiveCount),
  maxBatches: orInfinity(positiveCount),
  ttlMs: positiveMilliseconds,
})
/** The schema of {@link LogBounds}. */
export const logBoundsSchema: Group = optionsSchema<LogBounds>()(logBoundsRows)

/** The bounds with their defaults filled in. Throws `misconfigured` with the path of the one that is wrong. */
export function readLogBounds({ maxBytes = 16_777_216, maxBatches = 100_000, ttlMs = 300_000 }: LogBounds): {
  readonly maxBytes: number
  readonly maxBatches: number
  readonly ttlMs: number
} {
  const bounds = { maxBytes, maxBatches, ttlMs }
  checkOptions('stream log', logBoundsSchema, bounds)
  return bounds
}
