import { ResponseAccumulator } from '../core/accumulate-response.ts'
import { untilAborted, type AbortSources } from '../core/abort.ts'
import type { Call } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { Next, Stage } from '../core/stage.ts'
import { yieldToEventLoop } from '../core/yield.ts'

/** Returns a stage that ends when its call ends, whatever the stage of an application waits for. */
export function boundedStage(stage: Stage): Stage {
  if (stage.endsWithCall === true) return stage
  const { name, at, order } = stage
  return { name, at, order, run: (call, next) => runBounded(stage, call, next) }
}

async function runBounded(stage: Stage, call: Call, next: Next): Promise<ResponseStream> {
  let inner: ResponseStream | undefined
  const watched: Next = (passed) => next(passed).then((reply) => (inner = reply))
  const discard = (late: ResponseStream): void => late.cancel(call.scope.error)
  try {
    return await untilAborted(afterTurn(call), Promise.resolve(stage.run(call, watched)), discard)
  } catch (error) {
    if (inner === undefined || call.scope.error === undefined || !LlmError.is(error)) throw error
    inner.cancel(call.scope.error)
    throw error.attempts === undefined ? withAttempts(error, inner) : error
  }
}

// Tells of an abort one turn of the event loop later: a stage that ends by itself does so with its attempts.
function afterTurn({ scope }: Call): AbortSources {
  const later = async (action: (error: LlmError) => void, error: LlmError): Promise<void> => {
    await yieldToEventLoop()
    action(error)
  }
  const onAbort: Call['scope']['onAbort'] = (action) => scope.onAbort((error) => void later(action, error))
  return { scope: { error: undefined, onAbort } }
}

// The partial response holds the usage and no content, because the text may not have been moderated.
function withAttempts(error: LlmError, reply: ResponseStream): LlmError {
  const { provider, model, attempts } = reply
  const partial = new ResponseAccumulator({ provider, model }, '').response({ usage: () => reply.usage() })
  return error.with({ provider, model, attempts, partial })
}
