import type { Clock } from '../core/clock.ts'
import type { CredentialSource } from '../core/credentials.ts'
import { LlmError } from '../core/error.ts'
import type { Feature } from '../core/feature.ts'
import { isObject } from '../core/json.ts'
import type { Logger } from '../core/log.ts'
import { nearestName } from '../core/nearest-name.ts'
import { checkOptions, optionsSchema, type Rows } from '../core/options.ts'
import { clockField, fetchField, loggerField, transportField } from '../core/port-fields.ts'
import type { Quirks } from '../core/dialect.ts'
import { mergeParams, type ParamMap } from '../core/params.ts'
import {
  capabilitiesSchema,
  defineProvider,
  paramsSchema,
  providerSchema,
  type ModelCapabilities,
  type ProviderDefinition,
} from '../core/provider.ts'
import {
  baseUrl as baseUrlField,
  keySource,
  streamLimitsSchema,
  timeoutsSchema,
} from '../core/request-schema.ts'
import type { StreamLimits, Timeouts } from '../core/request.ts'
import {
  anyObject,
  anyOf,
  callable,
  kind,
  listOf,
  nonEmptyText,
  number,
  oneOf,
  recordOf,
  text,
  type Group,
  withMethods,
} from '../core/schema.ts'
import { nonEmptyKey, Secret, type KeySource } from '../core/secret.ts'
import type { Stage } from '../core/stage.ts'
import type { FeatureEvent } from '../core/stage-context.ts'
import type { WeightedProvider } from '../core/targets.ts'
import type { Transport } from '../core/wire.ts'
import type { ModelsOption } from './model-facts.ts'
import { envName } from '../exchange/index.ts'
import { createFetchTransport } from '../transport/index.ts'

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
  /**
   * Models by their names here, with `*` for any text: the id of the model behind a name, such as an Azure deployment's, or
   * capabilities, which are merged over the provider's.
   */
  readonly models?: Readonly<Record<string, string | ModelCapabilities>> | undefined
  /** Merged over the provider's parameter map. */
  readonly params?: ParamMap | undefined
  /** Merged over the provider's quirks. */
  readonly quirks?: Quirks | undefined
  /** How to handle a setting that this provider lacks. Default: the orchestrator's. */
  readonly onUnsupported?: 'warn' | 'error' | 'drop' | undefined
  /** With `extends`: this deployment takes calls to the provider that it extends, in proportion to its weight. That one weighs 1, or what its own entry says. */
  readonly weight?: number | undefined
}

/** Options of every orchestrator, whatever features it has. Each is optional. */
export interface CoreOptions {
  /** Built-in providers by id with the access of this application, deployments that extend one, and definitions of your own. */
  readonly providers?: ProvidersOption | undefined
  /** Features and stages, outermost first. Default: none. */
  readonly use?: readonly (Feature | Stage)[] | undefined
  /** Provider of requests that name none. Default: the environment variable `DEFAULT_LLM_PROVIDER`. */
  readonly defaultProvider?: string | undefined
  /**
   * Model of requests that name none, with or without its provider before it (`openai/gpt-4.1-mini`). Default: the
   * environment variable `DEFAULT_MODEL_<PROVIDER>` (`.` and `-` as `_`).
   */
  readonly defaultModel?: string | undefined
  /** Time limits of every call; a request may set its own. */
  readonly timeouts?: Timeouts | undefined
  /** Size limits of every response; a request may set its own as `streamLimits`. */
  readonly stream?: StreamLimits | undefined
  /** Sends all requests. Default: the global `fetch`, looked up at each call. */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** Carries all requests, in place of `fetch`. The application closes it. */
  readonly transport?: Transport | undefined
  /** What happens to a setting that a target does not support. Default `warn`. */
  readonly onUnsupported?: 'warn' | 'error' | 'drop' | undefined
  /** Estimates the tokens of a text, for limits, windows, counts and usage that a provider does not report. Default: by script and word lengths. */
  readonly estimateTokens?: ((text: string) => number) | undefined
  /** Called with every decision of a feature, and the numbers behind it. Must not throw. */
  readonly onEvent?: ((event: FeatureEvent) => void) | undefined
  readonly logger?: Logger | undefined
  /** Facts of models: the application's own, which replace those that the package brings, or a whole table. */
  readonly models?: ModelsOption | undefined
  /** Default: the clock of the process. */
  readonly clock?: Clock | undefined
}

/** Providers by id, or definitions that bring their ids. */
export type ProvidersOption =
  | Readonly<Record<string, ProviderConfig | ProviderDefinition>>
  | readonly ProviderDefinition[]

/** What a host's configuration adds to a provider's definition. */
export interface ProviderAccess {
  readonly apiKey?: KeySource | readonly KeySource[] | undefined
  readonly credentials?: CredentialSource | undefined
  readonly variables?: Readonly<Record<string, string>> | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly transport?: Transport | undefined
}

/** The schema of {@link ProviderConfig}. */
export const providerConfigSchema: Group = optionsSchema<ProviderConfig>()(() => ({
  extends: nonEmptyText,
  apiKey: anyOf(keySource, { ...listOf(keySource), expected: 'a list of keys' }),
  credentials: anyOf(anyObject, callable),
  baseUrl: baseUrlField,
  variables: recordOf(text),
  headers: recordOf(text),
  fetch: fetchField,
  transport: transportField,
  defaultModel: text,
  models: recordOf(anyOf(nonEmptyText, capabilitiesSchema)),
  params: paramsSchema,
  quirks: anyObject,
  onUnsupported: oneOf('warn', 'error', 'drop'),
  weight: number({ above: 0 }),
}))

/** The fields of {@link CoreOptions}. Entries of `providers` and `use` are checked one by one where they are read. */
export const coreRows = (): Rows<CoreOptions> => ({
  providers: kind('an object of providers by id, or a list of definitions', isObjectOrList),
  use: listOf(kind('a feature such as queue({ … }), or a stage { name, at, run }', isObject)),
  defaultProvider: text,
  defaultModel: text,
  timeouts: timeoutsSchema,
  stream: streamLimitsSchema,
  fetch: fetchField,
  transport: transportField,
  onUnsupported: oneOf('warn', 'error', 'drop'),
  estimateTokens: callable,
  onEvent: callable,
  logger: loggerField,
  models: kind('a list of facts { provider, id, … }, or a table of models', isModels),
  clock: clockField,
})

const isObjectOrList = (value: unknown): boolean => isObject(value) || Array.isArray(value)
const table = withMethods('get', 'list')
const isModels = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.every((one) => isObject(one) && text.fits(one['provider']) && text.fits(one['id']))
    : table.fits(value)

export interface ConfiguredProviders {
  readonly definitions: readonly ProviderDefinition[]
  readonly access: ReadonlyMap<string, ProviderAccess>
  /** Deployments that share the calls of a provider, with their weights. */
  readonly pools: ReadonlyMap<string, readonly WeightedProvider[]>
}

/** The catalogue, merged with the providers that the application configured. */
export function readProviders(
  catalogue: readonly ProviderDefinition[],
  providers: ProvidersOption | undefined,
): ConfiguredProviders {
  const configured = byId(providers)
  const definitions = new Map(catalogue.map((definition) => [definition.id, definition]))
  const access = new Map<string, ProviderAccess>()
  for (const [id, entry] of Object.entries(configured)) {
    if (isDefinition(entry)) {
      definitions.set(id, ownDefinition(id, entry))
      continue
    }
    checkOptions('createOrchestrator', providerConfigSchema, entry, `providers.${id}`)
    const base = definitions.get(entry.extends ?? id)
    if (base === undefined) {
      if (entry.extends !== undefined)
        refuse(
          `providers.${id}.extends`,
          `names the unknown provider "${entry.extends}"${suggestionOf(entry.extends, definitions)}`,
        )
      refuse(
        `providers.${id}`,
        `is unknown: give extends, for example extends: 'openai-compatible'${suggestionOf(id, definitions)}`,
      )
    }
    const {
      baseUrl = base.baseUrl,
      defaultModel = base.defaultModel,
      onUnsupported = base.onUnsupported,
    } = entry
    const traits = withTraits(base, entry)
    const optionsOf = entry.extends === undefined ? base.optionsOf : [...(base.optionsOf ?? []), base.id]
    const apis = entry.baseUrl === undefined ? traits.apis : withoutBaseUrls(traits.apis)
    // A server of the application may have one format.
    const api = entry.baseUrl === undefined ? traits.api : ''
    // A deployment's own key comes before the one that it shares.
    const env = entry.extends === undefined ? base.env : [`${envName(id)}_API_KEY`, ...(base.env ?? [])]
    definitions.set(
      id,
      defineProvider({
        ...traits,
        id,
        vendor: base.vendor ?? base.id,
        baseUrl,
        defaultModel,
        api,
        onUnsupported,
        optionsOf,
        apis,
        env,
      }),
    )
    const transport =
      entry.transport ?? (entry.fetch === undefined ? undefined : createFetchTransport(entry.fetch))
    const { credentials, variables, headers } = entry
    access.set(id, { apiKey: presentKeys(entry.apiKey), credentials, variables, headers, transport })
  }
  return { definitions: [...definitions.values()], access, pools: readPools(configured) }
}

/** What the application configured for a provider. */
export function providerEntry(
  providers: ProvidersOption | undefined,
  id: string,
): ProviderConfig | ProviderDefinition | undefined {
  if (providers === undefined) return undefined
  if (isList(providers)) return providers.find((one) => one.id === id)
  return Object.hasOwn(providers, id) ? providers[id] : undefined
}

type Configured = Readonly<Record<string, ProviderConfig | ProviderDefinition>>

function byId(providers: ProvidersOption = {}): Configured {
  const entries = isList(providers)
    ? providers.map((one, at) => [one?.id ?? at, one] as const)
    : Object.entries(providers).filter(([, entry]) => entry !== undefined)
  return Object.fromEntries(entries)
}

function ownDefinition(id: string, entry: ProviderDefinition): ProviderDefinition {
  const definition = entry.id === id ? entry : { ...entry, id }
  checkOptions('createOrchestrator', providerSchema, definition, `providers.${id}`)
  return entry.id === id ? entry : defineProvider(definition)
}

function suggestionOf(id: string, definitions: ReadonlyMap<string, ProviderDefinition>): string {
  const nearest = nearestName(id, [...definitions.keys()])
  return nearest === undefined ? '' : `; did you mean "${nearest}"?`
}

function isList(providers: ProvidersOption): providers is readonly ProviderDefinition[] {
  return Array.isArray(providers)
}

// An unset environment variable must not stand in the way of a key.
function presentKeys(source: ProviderConfig['apiKey']): ProviderConfig['apiKey'] {
  if (typeof source !== 'object' || source instanceof Secret) return nonEmptyKey(source)
  const keys = source.filter((key) => nonEmptyKey(key) !== undefined)
  return keys.length === 0 ? undefined : keys
}

// A deployment with a weight shares the calls of the provider that it extends, which weighs 1 unless its entry says more.
function readPools(configured: Configured): ConfiguredProviders['pools'] {
  const pools = new Map<string, { id: string; weight: number }[]>()
  for (const [id, entry] of Object.entries(configured)) {
    if (isDefinition(entry) || entry.weight === undefined) continue
    if (entry.extends === undefined || entry.extends === id) continue
    const base = configured[entry.extends]
    const own = base === undefined || isDefinition(base) ? 1 : (base.weight ?? 1)
    const pool = pools.get(entry.extends) ?? [{ id: entry.extends, weight: own }]
    pools.set(entry.extends, [...pool, { id, weight: entry.weight }])
  }
  return pools
}

// Models are known by their names in every format; parameters and quirks belong to the format of the provider itself.
function withTraits(
  base: ProviderDefinition,
  { models, params, quirks }: ProviderConfig,
): ProviderDefinition {
  if (models === undefined && params === undefined && quirks === undefined) return base
  const given = Object.entries(models ?? {})
  const aliases = Object.fromEntries(given.filter(([, value]) => typeof value === 'string'))
  const own = Object.fromEntries(given.filter(([, value]) => typeof value !== 'string')) as Record<
    string,
    ModelCapabilities
  >
  const apis = Object.entries(base.apis ?? {}).map(([name, api]): [string, typeof api] => [
    name,
    { ...api, models: { ...(api.models ?? (api.dialect === base.dialect ? base.models : {})), ...own } },
  ])
  return {
    ...base,
    aliases: { ...base.aliases, ...(aliases as Record<string, string>) },
    models: { ...base.models, ...own },
    params: mergeParams(base.params, params),
    quirks: { ...base.quirks, ...quirks },
    apis: base.apis === undefined ? undefined : Object.fromEntries(apis),
  }
}

// A host that moves a provider moves all its apis: their own addresses would lead back to the vendor. Another server seldom counts.
function withoutBaseUrls(apis: ProviderDefinition['apis']): ProviderDefinition['apis'] {
  if (apis === undefined) return undefined
  const moved = Object.entries(apis).map(
    ([name, { baseUrl: _old, tokenCount: _count, ...api }]) => [name, api] as const,
  )
  return Object.fromEntries(moved)
}

function isDefinition(entry: ProviderConfig | ProviderDefinition): entry is ProviderDefinition {
  return isObject(entry) && 'dialect' in entry
}

function refuse(path: string, problem: string): never {
  throw new LlmError('misconfigured', `createOrchestrator: ${path} ${problem}`, {
    issues: [{ path, message: problem }],
  })
}
