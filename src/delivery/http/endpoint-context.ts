import type { Orchestrator } from '../../orchestrator/index.ts'
import type { OpenAIHandlerOptions } from './handler-options.ts'
import type { ModelNames } from './model-names.ts'

/** What every endpoint works with. */
export interface EndpointContext {
  readonly orchestrator: Orchestrator
  readonly options: OpenAIHandlerOptions
  readonly names: ModelNames
}
