import type { Call } from './call.ts'
import type { Target, TargetReference } from './registry.ts'
import type { KeySource } from './secret.ts'

/** A provider entry that shares the calls of another, in proportion to its weight. */
export interface WeightedProvider {
  readonly id: string
  readonly weight: number
}

/** The targets of one orchestrator, and what it knows of reaching them. */
export interface Targets {
  /** Finds a target. Throws `misconfigured` for an unknown provider, a missing model, an unknown `api`. */
  resolve(reference: TargetReference): Target
  /** Providers that share the calls of `provider`; `undefined` if it takes all of them. */
  deployments(provider: string): readonly WeightedProvider[] | undefined
  /** Ids of the providers that have several API keys. */
  readonly keyed: readonly string[]
  /** The API keys of `provider`, if it has several. */
  keysOf(provider: string): readonly KeySource[] | undefined
  /**
   * The same call to another target, with the key, headers and transport that the application configured for it. A key or
   * base URL that the request itself brought never goes to another provider.
   */
  retarget(call: Call, target: Target): Call
}
