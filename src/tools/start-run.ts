import { responseToEvents } from '../core/response-events.ts'
import { untilAborted } from '../core/abort.ts'
import { newId } from '../core/create-id.ts'
import { LlmError } from '../core/error.ts'
import type { EventBatch } from '../core/event.ts'
import { stableHash } from '../core/fit/stable-hash.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import { notPending } from './pending-calls.ts'
import { RunLog } from './run-log.ts'
import { runLoop } from './run-loop.ts'
import { chatRequestOf } from './run-options.ts'
import { ownerOf } from './run-owner.ts'
import { runResponse } from './run-response.ts'
import type { RunRequest, RunResponse } from './run-types.ts'
import { ToolRun, type RunCaller } from './tool-run.ts'

/** A run that was started. */
export interface StartedRun {
  readonly events: AsyncGenerator<EventBatch, RunResponse, undefined>
  /** Aborts the run. */
  cancel(reason?: unknown): void
}

/**
 * Checks a request and starts its run, or goes on with the run that its records tell of. Rejects with `invalid-request` if
 * the request is not valid, and with `conflict` if the run id belongs to other messages or another process has the run.
 */
export async function startRun(caller: RunCaller, request: RunRequest): Promise<StartedRun> {
  const chat = chatRequestOf(request)
  const { resume, runs: store, runId = resume?.runId ?? newId('run') } = request
  const { clock, costOf } = caller
  const key = { owner: ownerOf(request), runId }
  const opening = RunLog.open({ key, store, clock, costOf }, resume)
  const log = await untilAborted({ signal: request.signal }, opening)
  await untilAborted({ signal: request.signal }, begin(log, request))
  const { last, isEnded, open } = log.history
  const [given] = [...(request.decisions ?? []), ...(request.results ?? [])]
  if (given !== undefined && open === undefined) throw notPending(given.toolCallId)
  if (isEnded && last !== undefined) return ended(log, request.stream === true)
  const run = new ToolRun(caller, { request, chat, log })
  return { events: runLoop(run), cancel: (reason) => run.cancel(reason) }
}

async function begin(log: RunLog, { messages, system }: RunRequest): Promise<void> {
  const fingerprint = stableHash(canonicalJson([system, messages]))
  if (log.isEmpty) return log.add({ type: 'begin', fingerprint })
  const { runId } = log.state
  if (log.history.fingerprint !== fingerprint) {
    const message = `the run "${runId}" began with other messages; go on with the same ones, or use a new runId`
    throw new LlmError('conflict', message, { code: 'run-reused' })
  }
  if (!log.history.isEnded) await log.add({ type: 'claim', by: newId('claim') })
}

// A run that has answered gives the same answer again.
function ended(log: RunLog, isStream: boolean): StartedRun {
  const { last } = log.history
  const events = async function* (): AsyncGenerator<EventBatch, RunResponse, undefined> {
    const result = runResponse(last?.response as RunResponse, { status: 'complete', log, pending: [] })
    if (isStream) yield responseToEvents(result)
    return result
  }
  return { events: events(), cancel: () => undefined }
}
