import type { ResponseStream } from '../core/response-stream.ts'
import type { Target, TargetReference } from '../core/registry.ts'
import type { CallOptions } from '../core/request.ts'
import type { CallInput, RunningCall } from './create-call.ts'

/** What an orchestrator offers to its operations. */
export interface OperationContext {
  /** What the application configured for settings that a target does not support. */
  readonly onUnsupported: 'warn' | 'error' | 'drop'
  /** Fills in a provider and a model that the request leaves out, from the options and the environment. */
  withDefaults<T extends CallOptions>(request: T): T
  /** Fills in the provider alone, for requests whose model is no chat model. */
  withDefaultProvider<T extends CallOptions>(request: T): T
  /** Throws `misconfigured` for an unknown provider, a missing model, an unknown `api`. */
  resolve(reference: TargetReference): Target
  createCall(request: CallOptions, input: CallInput): RunningCall
  /** Runs a call through all stages. Rejects with the error that ended it. */
  start(call: RunningCall): Promise<ResponseStream>
}

/** One thing that providers do: chat, embed, moderate, list models. One file each in `operations/`. */
export interface Operation<Request, Result> {
  /** The value of `Call.operation`. */
  readonly name: string
  /** Checks a request and runs it. Rejects with `invalid-request` for a request that is not valid. */
  run(context: OperationContext, request: Request): Promise<Result>
}
