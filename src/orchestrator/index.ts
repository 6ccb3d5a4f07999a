export {
  createOrchestrator,
  type ChatApiCall,
  type Orchestrator,
  type OrchestratorStats,
} from './orchestrator.ts'
export type { OrchestratorOptions, ProviderConfig } from './config.ts'
export type { OrchestratorEvent } from './event.ts'
