import { LlmError } from '../core/error.ts'
import type { Registry } from '../core/registry.ts'
import type { CallOptions } from '../core/request.ts'
import { providerEntry, type CoreOptions } from './config.ts'
import { envName, fromEnvironment } from '../exchange/index.ts'

/** The host's part in what a request leaves out. */
export interface DefaultSources {
  readonly options: CoreOptions
  readonly registry: Registry
}

/**
 * Fills in a provider and a model that the request leaves out: the host's options first, then the environment
 * (`DEFAULT_LLM_PROVIDER`, `DEFAULT_MODEL_<PROVIDER>`), read at each call. A model that begins with a known provider's id
 * names its provider itself.
 */
export function withDefaults<T extends CallOptions>(sources: DefaultSources, request: T): T {
  const { provider, model } = request
  if (isSaid(provider) && isSaid(model)) return request
  const { options, registry } = sources
  const named = !isSaid(options.defaultProvider) && providerIn(registry, options.defaultModel) !== undefined
  // A default model that names its provider itself, and nothing else said.
  if (named && !isSaid(provider) && !isSaid(model)) return { ...request, model: options.defaultModel }
  const placed = withDefaultProvider(sources, request)
  if (isSaid(model) || !isSaid(placed.provider)) return placed
  const found = defaultModelOf(sources, placed.provider, isSaid(provider))
  return found === undefined ? placed : { ...placed, model: found }
}

/** The provider alone: for requests whose model is no chat model. */
export function withDefaultProvider<T extends CallOptions>(sources: DefaultSources, request: T): T {
  const { provider, model } = request
  if (isSaid(provider) || providerIn(sources.registry, model) !== undefined) return request
  const found = defaultProviderOf(sources)
  return found === undefined ? request : { ...request, provider: found }
}

function defaultProviderOf({ options, registry }: DefaultSources): string | undefined {
  const { defaultProvider, defaultModel } = options
  const configured = isSaid(defaultProvider) ? defaultProvider : undefined
  const found = configured ?? providerIn(registry, defaultModel) ?? fromEnvironment(['DEFAULT_LLM_PROVIDER'])
  if (found === undefined || registry.get(found) !== undefined) return found
  const where = configured === undefined ? 'DEFAULT_LLM_PROVIDER' : 'defaultProvider'
  throw new LlmError('misconfigured', `${where} names the unknown provider "${found}"`, { provider: found })
}

function defaultModelOf(sources: DefaultSources, provider: string, asked: boolean): string | undefined {
  const { options } = sources
  const own = providerEntry(options.providers, provider)?.defaultModel
  // The host's one default model is its default provider's; for a provider that was asked for, its own comes first.
  const general = !asked || provider === defaultProviderOf(sources) ? options.defaultModel : undefined
  const found = asked ? (own ?? general) : (general ?? own)
  return isSaid(found) ? found : fromEnvironment([`DEFAULT_MODEL_${envName(provider)}`])
}

function providerIn(registry: Registry, model: string | undefined): string | undefined {
  const prefix = model?.slice(0, Math.max(0, model.indexOf('/')))
  return isSaid(prefix) && registry.get(prefix) !== undefined ? prefix : undefined
}

function isSaid(value: string | undefined): value is string {
  return value !== undefined && value !== ''
}
