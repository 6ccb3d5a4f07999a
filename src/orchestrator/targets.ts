import type { Targets } from '../core/targets.ts'
import type { OrchestratorContext } from './context.ts'
import { retarget } from './create-call.ts'

/** The targets of an orchestrator, as its features see them. */
export function createTargets(context: OrchestratorContext): Targets {
  return {
    resolve: (reference) => context.registry.resolve(reference),
    deployments: (provider) => context.pools.get(provider),
    keyed: context.keyed(),
    keysOf: (provider) => context.keysOf(provider),
    retarget: (call, target) => retarget(context, call, target),
  }
}
