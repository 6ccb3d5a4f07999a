export { createRunHub, type RunHub, type RunHubOptions, type RunHubStats, type StartedRun } from './hub.ts'
export { memoryStreamLog, type MemoryStreamLogOptions } from './memory-log.ts'
export type { LogBounds, LogEntry, LogInfo, StreamLog } from '../../core/stream-log.ts'
export type { GonePolicy } from './audience.ts'
export type { ReplyStream, RunRequest } from './run.ts'
export type { RunReader } from './reader.ts'
export {
  keepFinished,
  keepWhatCame,
  type EndReason,
  type RunEnd,
  type SavePolicy,
  type SaveVerdict,
} from './save.ts'
export type { RunMetrics, RunState, RunStatus, ToolStatus } from './figures.ts'
export type { RunTotals } from './totals.ts'
