import type { Call } from '../core/call.ts'
import type { Reply, Stage } from '../core/stage.ts'
import { exchange } from './exchange.ts'

/** The life of a call as one function: the stages in order, the exchange last. */
export function createPipeline(stages: readonly Stage[]): (call: Call) => Promise<Reply> {
  return stages.reduceRight<(call: Call) => Promise<Reply>>(
    (next, stage) => (call) => stage(call, next),
    exchange,
  )
}
