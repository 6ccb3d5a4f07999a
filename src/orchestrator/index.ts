export {
  createOrchestrator,
  type ChatApiCall,
  type Orchestrator,
  type OrchestratorStats,
} from './orchestrator.ts'
export type { CostOf, OrchestratorOptions, ProviderConfig } from './config.ts'
export type { OrchestratorEvent } from './event.ts'
