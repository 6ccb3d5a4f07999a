import type { Targets } from '../core/targets.ts'
import type { OrchestratorContext } from './context.ts'
import { retarget } from './create-call.ts'

/** Creates the access of features to the targets of an orchestrator. */
export function createTargets(context: OrchestratorContext): Targets {
  return {
    resolve: (reference) => context.registry.resolve(reference),
    deployments: (provider) => context.pools.get(provider),
    keyed: context.keyed(),
    keysOf: (provider) => context.keysOf(provider),
    retarget: (call, target) => retarget(context, call, target),
  }
}
