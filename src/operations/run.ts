import { priceOf } from '../core/cost-of.ts'
import type { ChatRequest } from '../core/request.ts'
import type { Operation, OperationContext } from '../orchestrator/index.ts'
import type { ChatStream } from '../stream/index.ts'
import { startRun, type RunCaller, type RunRequest, type RunResponse } from '../tools/index.ts'
import { chat } from './chat.ts'
import { settledRun } from './started-run.ts'

/** Runs a conversation with tools. Resolves to the result, or to a stream if the request has `stream: true`. */
export const run: Operation<RunRequest, RunResponse | ChatStream<RunResponse>> = {
  name: 'run',
  run: async (context, request) => settledRun(await startRun(callerOf(context), request), request),
}

function callerOf(context: OperationContext): RunCaller {
  const { clock, logger, estimateTokens } = context
  return {
    clock,
    logger,
    estimateTokens,
    call: (request: ChatRequest) => chat.run(context, request),
    costOf: (response) => priceOf(context, response),
  }
}
