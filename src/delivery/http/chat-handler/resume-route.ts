import type { LogInfo } from '../../../core/stream-log.ts'
import { LlmError } from '../../../core/error.ts'
import { readPosition, type FramePosition } from './event-ids.ts'
import { askedProtocol } from './protocol.ts'
import { findRun, type StreamRequest } from './stream-request.ts'
import { streamResponse } from './stream-response.ts'

/**
 * Resumes a stream after the frame that `Last-Event-ID` or `?after=` names, or from its beginning. Responds 204 if no
 * stream runs and no frame is missing: an `EventSource` then stops, and the AI SDK has nothing to resume.
 */
export async function resumeChat(asked: StreamRequest): Promise<Response> {
  const { parts, guarded } = asked
  const after = positionOf(asked)
  const info = await runOf(asked, after)
  if (info === undefined || isRead(info, after, asked.id)) return new Response(null, { status: 204 })
  return streamResponse(parts, guarded, {
    runId: info.id,
    meta: info.meta,
    protocol: askedProtocol(guarded.request, guarded.url),
    after,
  })
}

// The run that the position names, even if the conversation has a newer one.
async function runOf(asked: StreamRequest, after: FramePosition | undefined): Promise<LogInfo | undefined> {
  const newest = await findRun(asked)
  if (after === undefined || after.runId === '' || after.runId === newest?.id) return newest
  return findRun({ ...asked, id: after.runId })
}

function isRead({ id, state, last }: LogInfo, after: FramePosition | undefined, requested: string): boolean {
  if (after?.seq === Infinity) return true
  if (state !== 'ended') {
    if (after !== undefined && after.seq > last) throw invalidPosition('is ahead of the stream')
    return false
  }
  // A request by conversation finds the finished answer in the conversation. One by stream id replays the stream.
  return after === undefined ? requested !== id : after.seq > last + 1
}

function positionOf({ guarded }: StreamRequest): FramePosition | undefined {
  const given = guarded.url.searchParams.get('after') ?? guarded.request.headers.get('last-event-id')
  if (given === null || given === '') return undefined
  if (/^\d{1,12}$/.test(given)) return { runId: '', seq: Number(given), frame: Infinity }
  const position = readPosition(given)
  if (position !== undefined) return position
  throw invalidPosition('must be the id of a frame or the number of a batch')
}

function invalidPosition(message: string): LlmError {
  return new LlmError('invalid-request', `the position is not valid: after ${message}`, {
    issues: [{ path: 'after', message }],
  })
}
