import type { Clock } from '../core/clock.ts'
import type { CredentialSource } from '../core/credentials.ts'
import { LlmError } from '../core/error.ts'
import type { Logger } from '../core/log.ts'
import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import { readInputLimits, type InputLimits } from '../core/input-limits.ts'
import type { StreamLimits, Timeouts } from '../core/request.ts'
import type { Usage } from '../core/response.ts'
import { nonEmptyKey, Secret, type KeySource } from '../core/secret.ts'
import type { Transport } from '../core/wire.ts'
import type { OrchestratorEvent } from './event.ts'
import type { ThroughputOptions } from '../resilience/throughput.ts'
import type { LimitsConfig, LimitStore } from '../limits/index.ts'
import type { ModerationOptions, TopicMonitor } from '../moderation/index.ts'
import type { QueueConfig } from '../queue/index.ts'
import type {
  LoadBalancing,
  BreakerOptions,
  BreakerSync,
  CooldownSync,
  RetryOptions,
} from '../resilience/index.ts'
import { createFetchTransport } from '../transport/index.ts'
import { envName } from '../exchange/environment.ts'

/** How one provider is reached by this host. */
export interface ProviderConfig {
  /** A built-in provider of which this is another deployment, under a name of your own. */
  readonly extends?: string | undefined
  /** One key, or several that are used in turn. */
  readonly apiKey?: KeySource | readonly KeySource[] | undefined
  readonly credentials?: CredentialSource | undefined
  /** With its version part. Holds for every `api` of the provider. */
  readonly baseUrl?: string | undefined
  readonly variables?: Readonly<Record<string, string>> | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly fetch?: typeof globalThis.fetch | undefined
  readonly transport?: Transport | undefined
  readonly defaultModel?: string | undefined
  /** With `extends`: this deployment takes calls to the provider that it extends, in proportion to its weight. That one weighs 1, or what its own entry says. */
  readonly weight?: number | undefined
}

/** Slows calls down before a provider refuses them, by what its rate-limit headers and refusals tell. */
export interface QuotaOptions {
  /** Longest wait for a provider's quota, in milliseconds; beyond it the next target is tried, or the call refused. Default 10 000. */
  readonly maxWaitMs?: number | undefined
  /** How long a figure from a header is believed. Default 60 000. */
  readonly maxAgeMs?: number | undefined
}

/** What a usage costs at a target, in USD; `null` or `undefined` where the price is not known. Must not throw. */
export type CostOf = (
  usage: Usage,
  target: { readonly provider: string; readonly model: string },
) => number | null | undefined

/** Options of `createOrchestrator`. Each is optional; an absent one costs nothing. */
export interface OrchestratorOptions {
  /** Built-in providers by id with this host's access, deployments that extend one, and definitions of your own. */
  readonly providers?: Readonly<Record<string, ProviderConfig | ProviderDefinition>> | undefined
  /** Provider of requests that name none. Default: the environment variable `DEFAULT_LLM_PROVIDER`. */
  readonly defaultProvider?: string | undefined
  /**
   * Model of requests that name none, with or without its provider before it (`openai/gpt-4.1-mini`). Default: the
   * environment variable `DEFAULT_MODEL_<PROVIDER>` (`.` and `-` as `_`).
   */
  readonly defaultModel?: string | undefined
  /** Targets to try after the asked-for one, `provider/model` each. Without `retry`, every target gets one try. */
  readonly fallback?: readonly string[] | undefined
  /** Tries again what may be tried again. Default: not. */
  readonly retry?: RetryOptions | undefined
  /** When a stream breaks in the middle of its text, go on from there elsewhere. Default false. */
  readonly continuation?: boolean | undefined
  /** Starts a second try on the next target where the first is silent for so long; the first to begin wins. Default: not. */
  readonly hedge?: { readonly afterMs: number } | undefined
  /** Holds a stream back until it is fast enough, and turns to the next target where it is not. Default: not. */
  readonly throughput?: ThroughputOptions | undefined
  /** Refuses calls beyond these rates and budgets. Default: none. */
  readonly limits?: LimitsConfig | undefined
  /** Where limits are counted. Default: in this process; a shared store holds them over many. */
  readonly limitStore?: LimitStore | undefined
  /** Refuses chat requests that are larger than this, or hold what is not allowed, before anything else. `true`: the default limits. Default: none. */
  readonly requestLimits?: true | Partial<InputLimits> | undefined
  /** Prices, for budgets in USD: what is asked before a call, with its estimated usage, and after it. Default: none is known. */
  readonly costUsd?: CostOf | undefined
  /** How many calls run at once, and how the others wait. Default: all run at once. */
  readonly queue?: QueueConfig | undefined
  /** Slows calls down before a provider refuses them, by its own rate-limit headers. Default: not. */
  readonly quotas?: QuotaOptions | undefined
  /** Keeps calls from a target that fails. Default: not. */
  readonly breaker?: BreakerOptions | undefined
  /** Shares what breakers found with other processes; needs `breaker`. The host closes it. Default: not shared. */
  readonly breakerSync?: BreakerSync | undefined
  /** Shares with other processes how long targets and keys rest that a provider has limited. The host closes it. Default: not shared. */
  readonly cooldownSync?: CooldownSync | undefined
  /** How calls are shared out among deployments with a weight. Default `weighted`. */
  readonly balance?: LoadBalancing | undefined
  /** Told of every decision, with the numbers behind it. Must not throw. */
  readonly onEvent?: ((event: OrchestratorEvent) => void) | undefined
  /** Judges what users write and what models answer. Default: not. */
  readonly moderation?: ModerationOptions | undefined
  /** Shown what users write and models answer, moderated or not; team and organisation are the tags `team` and `org`. Default: none. */
  readonly topics?: TopicMonitor | undefined
  readonly timeouts?: Timeouts | undefined
  readonly stream?: StreamLimits | undefined
  readonly fetch?: typeof globalThis.fetch | undefined
  readonly transport?: Transport | undefined
  readonly onUnsupported?: 'warn' | 'error' | 'drop' | undefined
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
}

/** What a host's configuration adds to a provider's definition. */
export interface ProviderAccess {
  readonly apiKey?: KeySource | readonly KeySource[] | undefined
  readonly credentials?: CredentialSource | undefined
  readonly variables?: Readonly<Record<string, string>> | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly transport?: Transport | undefined
}

export interface ConfiguredProviders {
  readonly definitions: readonly ProviderDefinition[]
  readonly access: ReadonlyMap<string, ProviderAccess>
  /** Deployments that share the calls of a provider, with their weights. */
  readonly pools: ReadonlyMap<string, readonly { readonly id: string; readonly weight: number }[]>
}

const OPTION_NAMES: ReadonlySet<string> = new Set([
  'providers',
  'defaultProvider',
  'defaultModel',
  'fallback',
  'retry',
  'breaker',
  'breakerSync',
  'cooldownSync',
  'costUsd',
  'continuation',
  'hedge',
  'throughput',
  'limits',
  'limitStore',
  'requestLimits',
  'queue',
  'quotas',
  'balance',
  'moderation',
  'topics',
  'onEvent',
  'timeouts',
  'stream',
  'fetch',
  'transport',
  'onUnsupported',
  'logger',
  'clock',
])
const CONFIG_NAMES: ReadonlySet<string> = new Set([
  'extends',
  'apiKey',
  'credentials',
  'baseUrl',
  'variables',
  'headers',
  'fetch',
  'transport',
  'defaultModel',
  'weight',
])
const TIMEOUT_NAMES: ReadonlySet<string> = new Set([
  'connectMs',
  'headersMs',
  'firstContentMs',
  'idleMs',
  'totalMs',
])
const STREAM_NAMES: ReadonlySet<string> = new Set(['maxBytes', 'maxEventBytes', 'maxReplyBytes'])

/** Checks the options; throws `misconfigured` naming the field. Misspelt names are refused: a limit nobody reads protects nobody. */
export function checkOptions(options: OrchestratorOptions): void {
  checkNames(options, OPTION_NAMES, '')
  if (options.requestLimits !== undefined) readInputLimits(options.requestLimits)
  if (options.breakerSync !== undefined && options.breaker === undefined)
    refuse('breakerSync', 'shares breakers, and there are none: give breaker, {} for its defaults')
  const keys = Object.values(options.providers ?? {}).some(
    (entry) => 'apiKey' in entry && Array.isArray(entry.apiKey),
  )
  if (options.cooldownSync !== undefined && options.quotas === undefined && !keys)
    refuse(
      'cooldownSync',
      'shares what quotas and keys learn, and there are none: give quotas, {} for their defaults',
    )
  for (const [field, names] of [
    ['timeouts', TIMEOUT_NAMES],
    ['stream', STREAM_NAMES],
  ] as const) {
    const group = options[field]
    if (group === undefined) continue
    checkNames(group, names, `${field}.`)
    for (const [name, value] of Object.entries(group)) {
      if (value !== undefined && !(typeof value === 'number' && value >= 0))
        refuse(`${field}.${name}`, 'takes a number of 0 or more')
    }
  }
}

/** The catalogue with the host's providers laid over it. */
export function readProviders(
  catalogue: readonly ProviderDefinition[],
  configured: OrchestratorOptions['providers'],
): ConfiguredProviders {
  const definitions = new Map(catalogue.map((definition) => [definition.id, definition]))
  const access = new Map<string, ProviderAccess>()
  for (const [id, entry] of Object.entries(configured ?? {})) {
    if (isDefinition(entry)) {
      definitions.set(id, entry.id === id ? entry : defineProvider({ ...entry, id }))
      continue
    }
    checkNames(entry, CONFIG_NAMES, `providers.${id}.`)
    const base = definitions.get(entry.extends ?? id)
    if (base === undefined) {
      const fix =
        entry.extends === undefined
          ? `is unknown: give extends, for example extends: 'openai-compatible'`
          : `extends the unknown provider "${entry.extends}"`
      refuse(`providers.${id}`, fix)
    }
    const { baseUrl = base.baseUrl, defaultModel = base.defaultModel } = entry
    const apis = entry.baseUrl === undefined ? base.apis : withoutBaseUrls(base.apis)
    // A deployment's own key comes before the one that it shares.
    const env = entry.extends === undefined ? base.env : [`${envName(id)}_API_KEY`, ...(base.env ?? [])]
    definitions.set(
      id,
      defineProvider({ ...base, id, vendor: base.vendor ?? base.id, baseUrl, defaultModel, apis, env }),
    )
    const transport =
      entry.transport ?? (entry.fetch === undefined ? undefined : createFetchTransport(entry.fetch))
    const { credentials, variables, headers } = entry
    access.set(id, { apiKey: presentKeys(entry.apiKey), credentials, variables, headers, transport })
  }
  return { definitions: [...definitions.values()], access, pools: readPools(configured ?? {}) }
}

// An unset environment variable must not stand in the way of a key.
function presentKeys(source: ProviderConfig['apiKey']): ProviderConfig['apiKey'] {
  if (typeof source !== 'object' || source instanceof Secret) return nonEmptyKey(source)
  const keys = source.filter((key) => nonEmptyKey(key) !== undefined)
  return keys.length === 0 ? undefined : keys
}

// A deployment with a weight shares the calls of the provider that it extends, which weighs 1 unless its entry says more.
function readPools(configured: NonNullable<OrchestratorOptions['providers']>): ConfiguredProviders['pools'] {
  const pools = new Map<string, { id: string; weight: number }[]>()
  for (const [id, entry] of Object.entries(configured)) {
    if (isDefinition(entry) || entry.weight === undefined) continue
    if (!(entry.weight > 0)) refuse(`providers.${id}.weight`, 'takes a number above 0')
    if (entry.extends === undefined || entry.extends === id) continue
    const base = configured[entry.extends]
    const own = base === undefined || isDefinition(base) ? 1 : (base.weight ?? 1)
    const pool = pools.get(entry.extends) ?? [{ id: entry.extends, weight: own }]
    pools.set(entry.extends, [...pool, { id, weight: entry.weight }])
  }
  return pools
}

// A host that moves a provider moves all its apis: their own addresses would lead back to the vendor.
function withoutBaseUrls(apis: ProviderDefinition['apis']): ProviderDefinition['apis'] {
  if (apis === undefined) return undefined
  const moved = Object.entries(apis).map(([name, { baseUrl: _old, ...api }]) => [name, api] as const)
  return Object.fromEntries(moved)
}

function isDefinition(entry: ProviderConfig | ProviderDefinition): entry is ProviderDefinition {
  return 'dialect' in entry
}

function checkNames(value: object, known: ReadonlySet<string>, lead: string): void {
  const odd = Object.keys(value).find((name) => !known.has(name))
  if (odd !== undefined) refuse(`${lead}${odd}`, `is not an option; known: ${[...known].join(', ')}`)
}

function refuse(path: string, problem: string): never {
  throw new LlmError('misconfigured', `createOrchestrator: ${path} ${problem}`, {
    issues: [{ path, message: problem }],
  })
}
