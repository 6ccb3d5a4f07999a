import { untilAborted } from '../core/abort.ts'
import type { Call } from '../core/call.ts'
import { callSafely } from '../core/host-function.ts'
import { errorFields } from '../core/log.ts'
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
  endsWithCall: true,
  run: (call, next) =>
    call.onAdmitted === undefined && call.onEnd === undefined ? next(call) : withHooks(call, next),
}

async function withHooks(call: Call, next: Next): Promise<ResponseStream> {
  const { onAdmitted, onEnd, messages } = call
  if (onAdmitted !== undefined) await untilAborted(call, admit(onAdmitted, messages))
  const reply = await next(call)
  if (onEnd !== undefined)
    reply.onEnd((error) => callSafely(() => onEnd(reply.snapshot(reply.attempts), error), failedOf(call)))
  return reply
}

async function admit(onAdmitted: NonNullable<Call['onAdmitted']>, messages: Call['messages']): Promise<void> {
  await onAdmitted({ messages })
}

function failedOf({ logger, requestId }: Call): (error: unknown) => void {
  return (error) => logger?.error({ requestId, ...errorFields(error) }, 'onEnd of the request failed')
}
