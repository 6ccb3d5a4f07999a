import { operations } from './operations/index.ts'
import { composeOrchestrator, type CoreOptions, type Orchestrator } from './orchestrator/index.ts'

export type { CoreOptions, ProviderConfig } from './orchestrator/index.ts'
export type { ChatApiCall, Orchestrator, OrchestratorStats } from './orchestrator/index.ts'

/**
 * Makes an orchestrator of the providers and features that it is given, and nothing else. Throws `misconfigured` naming the
 * option that is wrong.
 */
export function createOrchestrator(options: CoreOptions = {}): Orchestrator {
  return composeOrchestrator([], operations, options)
}
