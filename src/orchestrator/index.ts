export { composeOrchestrator } from './orchestrator.ts'
export type {
  ChatApiCall,
  Operations,
  Orchestrator,
  OrchestratorMethods,
  OrchestratorStats,
} from './orchestrator.ts'
export type { CoreOptions, ProviderConfig, ProvidersOption } from './config.ts'
export type { RunningCall } from './create-call.ts'
export type { Operation, OperationContext } from './operation.ts'
