import type { LogInfo } from '../../../core/stream-log.ts'
import { LlmError } from '../../../core/error.ts'
import { readPosition, type FramePosition } from './event-ids.ts'
import { askedProtocol } from './protocol.ts'
import { findRun, isOwn, type StreamRequest } from './stream-request.ts'
import { streamResponse } from './stream-response.ts'

/**
 * Takes a stream up again: after the frame that `Last-Event-ID` or `?after=` names, or from its beginning. 204 where
 * nothing runs (and nothing is missing): what an EventSource takes for the end, and the AI SDK for nothing to resume.
 */
export async function resumeChat(about: StreamRequest): Promise<Response> {
  const { parts, visit } = about
  const after = positionOf(about)
  const info = await runOf(about, after)
  if (info === undefined || isRead(info, after, about.id)) return new Response(null, { status: 204 })
  return streamResponse(parts, visit, {
    runId: info.id,
    meta: info.meta,
    protocol: askedProtocol(visit.request, visit.url),
    after,
  })
}

// The run that the position belongs to, also when the conversation has gone on with another one since.
async function runOf(about: StreamRequest, after: FramePosition | undefined): Promise<LogInfo | undefined> {
  const { parts, visit } = about
  const newest = await findRun(about)
  if (after === undefined || after.runId === '' || after.runId === newest?.id) return newest
  const named = await parts.runs.info(after.runId)
  return named !== undefined && isOwn(named, visit.access) ? named : undefined
}

function isRead({ id, state, last }: LogInfo, after: FramePosition | undefined, asked: string): boolean {
  if (after?.seq === Infinity) return true
  if (state !== 'ended') {
    if (after !== undefined && after.seq > last) throw invalidPosition('lies ahead of the stream')
    return false
  }
  // A page that asks for its conversation finds the finished answer there; who names the stream wants the stream.
  return after === undefined ? asked !== id : after.seq > last + 1
}

function positionOf({ visit }: StreamRequest): FramePosition | undefined {
  const given = visit.url.searchParams.get('after') ?? visit.request.headers.get('last-event-id')
  if (given === null || given === '') return undefined
  if (/^\d{1,12}$/.test(given)) return { runId: '', seq: Number(given), frame: Infinity }
  const position = readPosition(given)
  if (position !== undefined) return position
  throw invalidPosition('takes the id of a frame, or the number of a batch')
}

function invalidPosition(message: string): LlmError {
  return new LlmError('invalid-request', `the position is not valid: after ${message}`, {
    issues: [{ path: 'after', message }],
  })
}
