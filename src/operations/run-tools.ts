import { priceOf, type CostOf } from '../core/cost-of.ts'
import { checkArguments, argument } from '../core/check-arguments.ts'
import { systemClock, type Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { clockField, loggerField } from '../core/port-fields.ts'
import type { CallOf, GivenFormat, GivenTools, ObjectFor } from '../core/reply-types.ts'
import { callable } from '../core/schema.ts'
import { estimateTokens } from '../core/tokens.ts'
import type { ChatApiCall, Replied } from '../orchestrator/index.ts'
import { startRun, type RunResponse, type TypedRunRequest } from '../tools/index.ts'
import { settledRun } from './started-run.ts'

/** Options of {@link runTools}. */
export interface RunToolsOptions {
  /** Prices of the model calls. Default: no price is known. */
  readonly costUsd?: CostOf | undefined
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
}

const runToolsSchema = optionsSchema<RunToolsOptions>()(() => ({
  costUsd: callable,
  logger: loggerField,
  clock: clockField,
}))

/**
 * Runs a conversation with tools over any `chatApiCall`, as `orchestrator.run` does over its own. Resolves to the result, or
 * to a stream if the request has `stream: true`. Rejects with an `LlmError` that has the run so far as `partial`.
 */
export async function runTools<
  const Tools extends GivenTools,
  const Format extends GivenFormat,
  const Stream extends boolean | undefined = undefined,
>(
  chatApiCall: ChatApiCall,
  request: TypedRunRequest<Tools, Format, Stream>,
  options: RunToolsOptions = {},
): Promise<Replied<Stream, RunResponse<ObjectFor<Format>, CallOf<Tools>>>> {
  checkArguments(
    'runTools',
    { chatApiCall: argument.function, request: argument.object },
    { chatApiCall, request },
  )
  checkOptions('runTools', runToolsSchema, options)
  const { clock = systemClock, logger } = options
  const caller = { call: chatApiCall, clock, logger, estimateTokens }
  const started = await startRun({ ...caller, costOf: (response) => priceOf(options, response) }, request)
  // The types follow from the request; what happens does not.
  return settledRun(started, request) as Promise<never>
}
