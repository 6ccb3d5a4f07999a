import { checkArguments, argument } from '../core/check-arguments.ts'
import { systemClock, type Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { clockField, loggerField } from '../core/port-fields.ts'
import { callable } from '../core/schema.ts'
import { estimateTokens } from '../core/tokens.ts'
import type { CostOf } from '../limits/index.ts'
import type { ChatApiCall } from '../orchestrator/index.ts'
import type { ChatStream } from '../stream/index.ts'
import { startRun, type RunRequest, type RunResponse } from '../tools/index.ts'
import { costOf, settledRun } from './started-run.ts'

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
export function runTools(
  chatApiCall: ChatApiCall,
  request: RunRequest & { readonly stream: true },
  options?: RunToolsOptions,
): Promise<ChatStream<RunResponse>>
export function runTools(
  chatApiCall: ChatApiCall,
  request: RunRequest & { readonly stream?: false | undefined },
  options?: RunToolsOptions,
): Promise<RunResponse>
export async function runTools(
  chatApiCall: ChatApiCall,
  request: RunRequest,
  options: RunToolsOptions = {},
): Promise<RunResponse | ChatStream<RunResponse>> {
  checkArguments(
    'runTools',
    { chatApiCall: argument.function, request: argument.object },
    { chatApiCall, request },
  )
  checkOptions('runTools', runToolsSchema, options)
  const { clock = systemClock, logger } = options
  const caller = { call: chatApiCall, clock, logger, estimateTokens }
  const started = await startRun({ ...caller, costOf: (response) => costOf(options, response) }, request)
  return settledRun(started, request.stream === true)
}
