import type { Call } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { Stage } from '../core/stage.ts'

/** The life of a call as one function: the stages in order, the call's own exchange last. A stage may throw or reject. */
export function createPipeline(stages: readonly Stage[]): (call: Call) => Promise<ResponseStream> {
  const last = (call: Call): Promise<ResponseStream> => call.exchange(call)
  return stages.reduceRight<(call: Call) => Promise<ResponseStream>>(
    (next, stage) => (call) => {
      try {
        return stage(call, next)
      } catch (error) {
        return Promise.reject(error)
      }
    },
    last,
  )
}

/** The error of a stage before the first try, with the target that the call was meant for. */
export function withTarget(error: unknown, { target: { provider, model } }: Call): unknown {
  return LlmError.is(error) ? error.with({ provider, model }) : error
}
