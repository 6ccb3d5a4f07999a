import type { Dialect, Quirks } from './dialect.ts'
import { LlmError } from './error.ts'
import { looseRules, type WireRules } from './fit/rules.ts'
import { rowOf, type JsonObject } from './json.ts'
import { explainParams, mergeParams, type ParamExplanation, type ParamMap } from './params.ts'
import { checkProvider, type Auth, type ModelCapabilities, type ProviderDefinition } from './provider.ts'
import { capabilityParams } from './capability-params.ts'

/** A provider and a model, with everything that follows from them: dialect, parameters, capabilities. */
export interface Target {
  /** `provider/model`: the target's name in health, events and breakers. */
  readonly name: string
  readonly provider: string
  readonly model: string
  readonly definition: ProviderDefinition
  readonly dialect: Dialect
  readonly auth: Auth
  readonly baseUrl: string | undefined
  readonly params: ParamMap
  readonly quirks: Quirks
  /** Fields that every chat request carries. */
  readonly body: JsonObject | undefined
  /** Known capabilities of the model. */
  readonly capabilities: ModelCapabilities
  /** What the wire format requires of a request for this model. */
  readonly rules: WireRules
  /** Vendor and wire format whose encrypted and signed reasoning this target accepts. */
  readonly reasoningScope: string
}

/** Names a target. */
export interface TargetReference {
  readonly provider?: string | undefined
  readonly model?: string | undefined
  /** Empty: the format of the provider, whatever its default for chat calls. */
  readonly api?: string | undefined
  readonly baseUrl?: string | undefined
}

/** The providers of one orchestrator. Holds no connection and no key. */
export interface Registry {
  /** Adds a provider. Throws `conflict` if the id exists, `misconfigured` if the definition is wrong. */
  register(definition: ProviderDefinition): void
  /** Adds a provider, or replaces the one with the same id. Throws `misconfigured` if the definition is wrong. */
  replace(definition: ProviderDefinition): void
  get(id: string): ProviderDefinition | undefined
  /** All providers in the order in which they were added. */
  list(): readonly ProviderDefinition[]
  /** Returns the target. Throws `misconfigured` if the provider or `api` is unknown or the model is missing. */
  resolve(reference: TargetReference): Target
  /** Explains for every setting where it is sent, how it is changed, or why it is dropped. */
  explain(provider: string | Target, model?: string): readonly ParamExplanation[]
}

const noServerTools: ParamMap = {
  serverTools: { drop: 'the provider has none by a neutral name; one in its own form, { raw }, is sent' },
}

// The cache is bounded, because model ids come from callers.
const MAX_TARGETS = 500

/** Creates a registry of `definitions`. */
export function createRegistry(definitions: Iterable<ProviderDefinition>): Registry {
  const providers = new Map<string, ProviderDefinition>()
  const targets = new Map<string, Map<string, Target>>()
  let held = 0
  const forget = (): void => {
    targets.clear()
    held = 0
  }
  const put = (definition: ProviderDefinition): void => {
    providers.set(definition.id, definition)
    forget()
  }
  for (const definition of definitions) put(definition)

  const resolve = (reference: TargetReference): Target => {
    const { provider = '', model = '', api = reference.baseUrl && '' } = reference
    const where = api === undefined ? provider : `${provider}\n${api}`
    // Two lookups, because the engine has the hash of a caller's text, but not of a joined one.
    const known = targets.get(where)?.get(model)
    if (known !== undefined) return known
    const target = targetOf(providers, reference)
    if (held++ >= MAX_TARGETS) forget()
    const models = targets.get(where) ?? new Map<string, Target>()
    targets.set(where, models.set(model, target))
    return target
  }
  return {
    register: (definition) => {
      checkProvider(definition)
      if (providers.has(definition.id)) {
        throw new LlmError(
          'conflict',
          `provider "${definition.id}" already exists; use replace() to change it`,
        )
      }
      put(definition)
    },
    replace: (definition) => {
      checkProvider(definition)
      put(definition)
    },
    get: (id) => providers.get(id),
    list: () => [...providers.values()],
    resolve,
    explain: (provider, model = '*') => {
      const target = typeof provider === 'string' ? resolve({ provider, model }) : provider
      const { params, quirks } = target
      return explainParams(quirks['serverTools'] === undefined ? { ...params, ...noServerTools } : params)
    },
  }
}

function targetOf(providers: ReadonlyMap<string, ProviderDefinition>, reference: TargetReference): Target {
  const { provider, model } = splitReference(providers, reference)
  const base = providers.get(provider)
  if (base === undefined) throw unknownProvider(providers, provider)
  const id = model ?? base.defaultModel
  const definition = withApi(base, reference.api ?? defaultApi(base, id, reference))
  if (id === undefined || id === '') {
    const message = `no model: give model: '${provider}/<model id>', or provider and model`
    throw new LlmError('misconfigured', message, { provider })
  }
  const { dialect, auth, baseUrl } = definition
  const capabilities = capabilitiesOf(definition, id)
  const below = mergeParams(dialect.params, definition.params)
  const params = mergeParams(below, capabilityParams(capabilities, below), capabilities.params)
  const quirks = { ...definition.quirks, ...capabilities.quirks }
  const body =
    capabilities.body === undefined ? definition.body : { ...definition.body, ...capabilities.body }
  const where = { provider, model: id, definition, dialect, auth, baseUrl }
  const reasoningScope = `${definition.vendor ?? definition.id}/${dialect.id}`
  return Object.freeze({
    name: `${provider}/${id}`,
    ...where,
    params,
    quirks,
    body,
    capabilities,
    rules: rulesOf(definition, capabilities),
    reasoningScope,
  })
}

// Capabilities are rules too: a model may lack what its wire format has.
function rulesOf({ dialect, rules }: ProviderDefinition, model: ModelCapabilities): WireRules {
  const { prefill, images } = model
  const lastAssistant = prefill === true ? 'accepted' : 'refused'
  return {
    ...looseRules,
    ...dialect.rules,
    ...rules,
    ...(prefill === undefined ? undefined : { lastAssistant }),
    ...(images === false ? { images: 'none' } : undefined),
    ...model.rules,
  }
}

// The prefix of a model names the provider only if none is given, because ids may contain a slash themselves.
function splitReference(
  providers: ReadonlyMap<string, ProviderDefinition>,
  { provider, model }: TargetReference,
): { provider: string; model: string | undefined } {
  if (provider !== undefined && provider !== '') {
    const definition = providers.get(provider)
    const own =
      definition !== undefined &&
      definition.namespacedModels !== true &&
      model?.startsWith(`${provider}/`) === true &&
      !isOwnName(definition, model)
    return { provider, model: own ? model?.slice(provider.length + 1) : model }
  }
  const slash = model?.indexOf('/') ?? -1
  if (model === undefined || slash <= 0) {
    const given =
      model === undefined ? 'neither provider nor model was given' : `model "${model}" names no provider`
    throw new LlmError(
      'misconfigured',
      `${given}: give provider, or model as 'provider/model' (for example 'openai/gpt-4.1-mini')`,
    )
  }
  const prefix = model.slice(0, slash)
  const rest = model.slice(slash + 1)
  const definition = providers.get(prefix)
  if (definition === undefined) throw unknownProvider(providers, prefix)
  const whole = definition.namespacedModels === true ? !rest.includes('/') : isOwnName(definition, model)
  return { provider: prefix, model: whole ? model : rest }
}

// A provider may have models with its own name as prefix (`groq/compound`), which its table of models lists.
function isOwnName({ id, models = {} }: ProviderDefinition, model: string): boolean {
  return Object.keys(models).some((pattern) => pattern.startsWith(`${id}/`) && fitsPattern(model, pattern))
}

function unknownProvider(providers: ReadonlyMap<string, ProviderDefinition>, id: string): LlmError {
  const known = [...providers.keys()].toSorted().join(', ')
  const message = `unknown provider "${id}"; known: ${known}. For any other OpenAI-compatible server use provider: 'openai-compatible' with its baseUrl`
  return new LlmError('misconfigured', message, { provider: id })
}

// A base URL of the caller may be that of a server with one format.
function defaultApi(
  base: ProviderDefinition,
  model: string | undefined,
  { baseUrl }: TargetReference,
): string | undefined {
  if (baseUrl !== undefined || base.api === '') return undefined
  return capabilitiesOf(base, model ?? '').api ?? base.api
}

function withApi(definition: ProviderDefinition, api: string | undefined): ProviderDefinition {
  if (api === undefined || api === '') return definition
  const other = rowOf<Partial<ProviderDefinition> | undefined>(definition.apis ?? {}, api)
  if (other !== undefined)
    return { ...(other.dialect === definition.dialect ? definition : bare(definition)), ...other }
  const known = Object.keys(definition.apis ?? {})
  const choice = known.length === 0 ? 'it has one api only' : `known: ${known.join(', ')}`
  throw new LlmError('misconfigured', `provider "${definition.id}" has no api "${api}"; ${choice}`, {
    provider: definition.id,
  })
}

// Fields of one dialect have no meaning in another.
function bare({
  params: _params,
  quirks: _quirks,
  rules: _rules,
  options: _options,
  models: _models,
  body: _body,
  paths: _paths,
  ...rest
}: ProviderDefinition): ProviderDefinition {
  return rest
}

function fitsPattern(model: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return model === pattern
  const end = model.length - last.length
  if (!model.startsWith(first) || !model.endsWith(last) || end < first.length) return false
  let at = first.length
  for (const part of rest) {
    const found = model.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}

/** Returns the id of the model behind a name, which may be that of a deployment. */
export function modelNameOf({ aliases }: ProviderDefinition, model: string): string {
  return aliases !== undefined && Object.hasOwn(aliases, model) ? (aliases[model] as string) : model
}

/** The capabilities of a model: all patterns that match, merged longer over shorter. */
export function capabilitiesOf(definition: ProviderDefinition, name: string): ModelCapabilities {
  const model = modelNameOf(definition, name)
  const fits = Object.entries(definition.models ?? {})
    .filter(([pattern]) => fitsPattern(model, pattern))
    .toSorted(([a], [b]) => a.length - b.length)
  let capabilities: ModelCapabilities = {}
  for (const [, next] of fits) {
    capabilities = {
      ...capabilities,
      ...next,
      params: mergeParams(capabilities.params, next.params),
      quirks: { ...capabilities.quirks, ...next.quirks },
      rules: { ...capabilities.rules, ...next.rules },
      body: next.body === undefined ? capabilities.body : { ...capabilities.body, ...next.body },
    }
  }
  return capabilities
}
