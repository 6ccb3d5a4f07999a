import type { Call, PreparedEndpoint } from '../core/call.ts'
import type { Clock } from '../core/clock.ts'
import { createIds } from '../core/create-id.ts'
import type { Registry, Target } from '../core/registry.ts'
import type { KeySource } from '../core/secret.ts'
import type { WeightedProvider } from '../core/targets.ts'
import type { Transport } from '../core/wire.ts'
import { prepareEndpoint } from '../exchange/index.ts'
import type { CoreOptions, ProviderAccess } from './config.ts'

/** The application's access to one target: key, headers, transport. Computed once per target; options of a request override it. */
export interface TargetAccess {
  readonly candidates: readonly Target[]
  /** The first of several keys; the attempts feature uses the others. */
  readonly apiKey: Call['apiKey']
  readonly credentials: Call['credentials']
  readonly variables: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly transport: Transport
  readonly prepared: PreparedEndpoint
}

interface ContextParts {
  readonly options: CoreOptions
  readonly registry: Registry
  readonly access: ReadonlyMap<string, ProviderAccess>
  readonly pools: ReadonlyMap<string, readonly WeightedProvider[]>
  readonly transport: Transport
  readonly clock: Clock
  readonly streamLimits: Call['streamLimits']
}

/** Options and dependencies that all calls of one orchestrator share. */
export class OrchestratorContext {
  readonly options: CoreOptions
  readonly registry: Registry
  /** Providers over which the calls to a provider are distributed, with their weights. */
  readonly pools: ReadonlyMap<string, readonly WeightedProvider[]>
  readonly transport: Transport
  readonly clock: Clock
  readonly streamLimits: Call['streamLimits']
  readonly nextRequestId: () => string
  readonly #access: ReadonlyMap<string, ProviderAccess>
  readonly #targets = new WeakMap<Target, TargetAccess>()

  constructor({ options, registry, access, pools, transport, clock, streamLimits }: ContextParts) {
    this.options = options
    this.registry = registry
    this.pools = pools
    this.transport = transport
    this.clock = clock
    this.streamLimits = streamLimits
    this.nextRequestId = createIds('req')
    this.#access = access
  }

  /** Returns the application's access to a target. */
  accessTo(target: Target): TargetAccess {
    const known = this.#targets.get(target)
    if (known !== undefined) return known
    const {
      apiKey,
      credentials,
      variables = NONE,
      headers = NONE,
      transport,
    } = this.#access.get(target.provider) ?? NONE
    const access: TargetAccess = {
      candidates: [target],
      apiKey: isKeyList(apiKey) ? apiKey[0] : apiKey,
      credentials,
      variables,
      headers,
      transport: transport ?? this.transport,
      prepared: prepareEndpoint(target, { headers, variables }),
    }
    this.#targets.set(target, access)
    return access
  }

  /** Returns the API keys of a provider with several keys; `undefined` for any other. */
  keysOf(provider: string): readonly KeySource[] | undefined {
    const apiKey = this.#access.get(provider)?.apiKey
    return isKeyList(apiKey) ? apiKey : undefined
  }

  /** Returns the ids of the providers with several API keys. */
  keyed(): readonly string[] {
    return [...this.#access.keys()].filter((provider) => this.keysOf(provider) !== undefined)
  }
}

function isKeyList(source: ProviderAccess['apiKey']): source is readonly KeySource[] {
  return Array.isArray(source)
}

const NONE: ProviderAccess & Readonly<Record<string, never>> = Object.freeze({})

/** Merges `extra` over `base`. Returns `base` itself if there is no `extra`, because most calls have none. */
export function mergeOptions<T extends object>(base: T | undefined, extra: Partial<T> | undefined): T {
  if (extra === undefined) return base ?? (NONE as T)
  return { ...(base as T), ...extra }
}
