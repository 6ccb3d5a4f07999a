import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { Target, TargetReference } from '../core/registry.ts'
import type { CallOptions } from '../core/request.ts'
import type { CostOf } from '../limits/index.ts'
import type { CallInput, RunningCall } from './create-call.ts'

/** The functions of an orchestrator that operations use. */
export interface OperationContext {
  readonly clock: Clock
  readonly logger?: Logger | undefined
  /** Estimates the tokens of a text. */
  readonly estimateTokens: (text: string) => number
  /** The prices of the options. */
  readonly costUsd?: CostOf | undefined
  /** The configured policy for settings that a target does not support. */
  readonly onUnsupported: 'warn' | 'error' | 'drop'
  /** Adds the provider and model that a request omits, from the options or the environment. Throws `misconfigured` if the default provider is unknown. */
  withDefaults<T extends CallOptions>(request: T): T
  /** Adds only the provider, for requests whose model is not a chat model. */
  withDefaultProvider<T extends CallOptions>(request: T): T
  /** Resolves a target. Throws `misconfigured` if the provider or its `api` is unknown, or the model is missing. */
  resolve(reference: TargetReference): Target
  /** Creates a call and starts its deadline. */
  createCall(request: CallOptions, input: CallInput): RunningCall
  /** Runs a call through all stages. Rejects with the error that ended it. */
  start(call: RunningCall): Promise<ResponseStream>
}

/** One operation of providers, such as chat or embed. */
export interface Operation<Request, Result> {
  /** The value of `Call.operation`. */
  readonly name: string
  /** Checks and runs a request. Rejects with `invalid-request` if it is not valid. */
  run(context: OperationContext, request: Request): Promise<Result>
}
