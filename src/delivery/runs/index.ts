export {
  createRunHub,
  runHubRows,
  type RunHub,
  type RunHubOptions,
  type RunHubStats,
  type StartedRun,
} from './hub.ts'
export { memoryStreamLog, type MemoryStreamLogOptions } from './memory-log.ts'
export type { LogBounds, StreamLogEntry, LogInfo, StreamLog } from '../../core/stream-log.ts'
export type { DisconnectPolicy } from './readers.ts'
export type { StreamRunRequest } from './run.ts'
export type { ReplyStream } from './upstream.ts'
export type { RunReader } from './reader.ts'
export {
  saveComplete,
  savePartial,
  type EndReason,
  type RunEnd,
  type SavePolicy,
  type SaveDecision,
} from './save-policy.ts'
export type { RunMetrics, StreamRunState, StreamRunStatus, ToolStatus } from './run-metrics.ts'
export type { RunTotals } from './totals.ts'
