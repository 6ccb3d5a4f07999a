import type { Call, PreparedEndpoint } from '../core/call.ts'
import type { Clock } from '../core/clock.ts'
import { createIds } from '../core/create-id.ts'
import type { Registry, Target } from '../core/registry.ts'
import type { StreamLimits } from '../core/request.ts'
import type { KeySource } from '../core/secret.ts'
import type { WeightedProvider } from '../core/targets.ts'
import type { Transport } from '../core/wire.ts'
import { prepareEndpoint } from '../exchange/index.ts'
import type { CoreOptions, ProviderAccess } from './config.ts'

/** How calls reach one target, apart from what they bring themselves. Computed once per target. */
export interface TargetAccess {
  readonly candidates: readonly Target[]
  /** The first of several keys; the attempts feature turns to the others. */
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
  readonly streamLimits: Required<StreamLimits>
}

/** What one orchestrator brings to every call. */
export class OrchestratorContext {
  readonly options: CoreOptions
  readonly registry: Registry
  /** Providers that share the calls of a provider, with their weights. */
  readonly pools: ReadonlyMap<string, readonly WeightedProvider[]>
  readonly transport: Transport
  readonly clock: Clock
  readonly streamLimits: Required<StreamLimits>
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

  /** How calls reach a target. */
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
    const made: TargetAccess = {
      candidates: [target],
      apiKey: isKeyList(apiKey) ? apiKey[0] : apiKey,
      credentials,
      variables,
      headers,
      transport: transport ?? this.transport,
      prepared: prepareEndpoint(target, { headers, variables }),
    }
    this.#targets.set(target, made)
    return made
  }

  /** The API keys of a provider that has several. */
  keysOf(provider: string): readonly KeySource[] | undefined {
    const apiKey = this.#access.get(provider)?.apiKey
    return isKeyList(apiKey) ? apiKey : undefined
  }

  /** Ids of the providers that have several API keys. */
  keyed(): readonly string[] {
    return [...this.#access.keys()].filter((provider) => this.keysOf(provider) !== undefined)
  }
}

function isKeyList(source: ProviderAccess['apiKey']): source is readonly KeySource[] {
  return Array.isArray(source)
}

const NONE: ProviderAccess & Readonly<Record<string, never>> = Object.freeze({})

/** `extra` merged over `base`. Most calls add nothing: then `base` itself is returned, and nothing is copied. */
export function mergeOptions<T extends object>(base: T | undefined, extra: Partial<T> | undefined): T {
  if (extra === undefined) return base ?? (NONE as T)
  return { ...(base as T), ...extra }
}
