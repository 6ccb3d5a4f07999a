import { operations } from './operations/index.ts'
import { checkOptions } from './core/options.ts'
import { composeOrchestrator, coreSchema, type CoreOptions, type Orchestrator } from './orchestrator/index.ts'

export type { CoreOptions, ProviderConfig } from './orchestrator/index.ts'
export type { ChatApiCall, Orchestrator, OrchestratorStats } from './orchestrator/index.ts'
export type { Call, OperationName, OutputFilter } from './core/call.ts'
export type { CallScope } from './core/lifetime.ts'
export type { Feature, MountedFeature } from './core/feature.ts'
export type { ResponseStream } from './core/response-stream.ts'
export type { FeatureEvent, StageContext } from './core/stage-context.ts'
export { createResponse } from './core/whole-response.ts'
export { stageOrder, type Next, type Stage } from './core/stage.ts'
export { defineProvider, type ProviderDefinition } from './core/provider.ts'
export { defineTool } from './core/tool.ts'
export { LlmError, type ErrorKind } from './core/error.ts'
export { isContent, type EventBatch, type StreamEvent } from './core/event.ts'

/**
 * Makes an orchestrator of the providers and features that it is given, and nothing else. Throws `misconfigured` naming the
 * option that is wrong.
 */
export function createOrchestrator(options: CoreOptions = {}): Orchestrator {
  checkOptions('createOrchestrator', coreSchema, options)
  return composeOrchestrator({ operations }, options)
}
