export { composeOrchestrator } from './orchestrator.ts'
export type {
  ChatApiCall,
  Replied,
  Operations,
  Orchestrator,
  OrchestratorMethods,
  OrchestratorStats,
} from './orchestrator.ts'
export {
  coreRows,
  providerConfigSchema,
  type CoreOptions,
  type ProviderConfig,
  type ProvidersOption,
} from './config.ts'
export type { TargetExplanation } from './explain-target.ts'
export type { ModelKnowledge, ModelsOption } from './model-facts.ts'
export { coreSchema } from './core-schema.ts'
export type { RunningCall } from './create-call.ts'
export type { Operation, OperationContext } from './operation.ts'
