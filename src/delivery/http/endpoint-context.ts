import type { Orchestrator } from '../../orchestrator/index.ts'
import type { OpenAIHandlerOptions } from './handler-options.ts'
import type { ModelNames } from './model-names.ts'

/** Dependencies of every endpoint of one handler. */
export interface EndpointContext {
  readonly orchestrator: Orchestrator
  readonly options: OpenAIHandlerOptions
  readonly names: ModelNames
}
