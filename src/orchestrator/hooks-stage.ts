import type { Call } from '../core/call.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import { stageOrder, type Next, type Stage } from '../core/stage.ts'

/**
 * Calls the request's `onAdmitted` before the first attempt, after limits, input moderation and queue. Calls its `onEnd` with
 * the response that was delivered to the caller.
 */
export const hooksStage: Stage = {
  name: 'hooks',
  at: 'call',
  order: stageOrder.hooks,
  run: (call, next) =>
    call.onAdmitted === undefined && call.onEnd === undefined ? next(call) : withHooks(call, next),
}

async function withHooks(call: Call, next: Next): Promise<ResponseStream> {
  const { onAdmitted, onEnd, scope, messages } = call
  await onAdmitted?.({ messages })
  if (scope.error !== undefined) throw scope.error
  const reply = await next(call)
  if (onEnd !== undefined) reply.onEnd((error) => onEnd(reply.snapshot(reply.attempts), error))
  return reply
}
