import type { Call } from '../core/call.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { Stage } from '../core/stage.ts'

/**
 * After moderation of the input, admission and queue, before the first try: runs what the caller wants done then, and tells
 * it the end, with the answer as the caller gets it.
 */
export const hooksStage: Stage = (call, next) =>
  call.onAdmitted === undefined && call.onEnd === undefined ? next(call) : withCallbacks(call, next)

async function withCallbacks(
  call: Call,
  next: (call: Call) => Promise<ResponseStream>,
): Promise<ResponseStream> {
  const { onAdmitted, onEnd, scope, messages } = call
  await onAdmitted?.({ messages })
  if (scope.error !== undefined) throw scope.error
  const reply = await next(call)
  if (onEnd !== undefined) reply.onEnd((error) => onEnd(reply.snapshot(reply.attempts), error))
  return reply
}
