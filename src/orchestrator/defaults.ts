import { LlmError } from '../core/error.ts'
import type { Registry } from '../core/registry.ts'
import type { CallOptions } from '../core/request.ts'
import { providerEntry, type CoreOptions } from './config.ts'
import { envName, fromEnvironment } from '../exchange/index.ts'

/** Sources of the provider and model that a request omits. */
export interface DefaultSources {
  readonly options: CoreOptions
  readonly registry: Registry
}

/**
 * Adds the provider and model that a request omits: from the options, or else from `DEFAULT_LLM_PROVIDER` and
 * `DEFAULT_MODEL_<PROVIDER>` in the environment, read at each call. A model such as `openai/gpt` needs no provider. Throws
 * `misconfigured` if the default provider is unknown.
 */
export function withDefaults<T extends CallOptions>(sources: DefaultSources, request: T): T {
  const { provider, model } = request
  if (isPresent(provider) && isPresent(model)) return request
  const { options, registry } = sources
  const named =
    !isPresent(options.defaultProvider) && providerIn(registry, options.defaultModel) !== undefined
  // The default model names its provider, and the request has neither provider nor model.
  if (named && !isPresent(provider) && !isPresent(model)) return { ...request, model: options.defaultModel }
  const withProvider = withDefaultProvider(sources, request)
  if (isPresent(model) || !isPresent(withProvider.provider)) return withProvider
  const found = defaultModelOf(sources, withProvider.provider, isPresent(provider))
  return found === undefined ? withProvider : { ...withProvider, model: found }
}

/** Adds only the provider, for requests whose model is not a chat model. Throws `misconfigured` if the default provider is unknown. */
export function withDefaultProvider<T extends CallOptions>(sources: DefaultSources, request: T): T {
  const { provider, model } = request
  if (isPresent(provider) || providerIn(sources.registry, model) !== undefined) return request
  const found = defaultProviderOf(sources)
  return found === undefined ? request : { ...request, provider: found }
}

function defaultProviderOf({ options, registry }: DefaultSources): string | undefined {
  const { defaultProvider, defaultModel } = options
  const configured = isPresent(defaultProvider) ? defaultProvider : undefined
  const found = configured ?? providerIn(registry, defaultModel) ?? fromEnvironment(['DEFAULT_LLM_PROVIDER'])
  if (found === undefined || registry.get(found) !== undefined) return found
  const where = configured === undefined ? 'DEFAULT_LLM_PROVIDER' : 'defaultProvider'
  throw new LlmError('misconfigured', `${where} names the unknown provider "${found}"`, { provider: found })
}

function defaultModelOf(sources: DefaultSources, provider: string, isRequested: boolean): string | undefined {
  const { options } = sources
  const own = providerEntry(options.providers, provider)?.defaultModel
  // `defaultModel` belongs to the default provider. A requested provider uses its own default model first.
  const general = !isRequested || provider === defaultProviderOf(sources) ? options.defaultModel : undefined
  const found = isRequested ? (own ?? general) : (general ?? own)
  return isPresent(found) ? found : fromEnvironment([`DEFAULT_MODEL_${envName(provider)}`])
}

function providerIn(registry: Registry, model: string | undefined): string | undefined {
  const prefix = model?.slice(0, Math.max(0, model.indexOf('/')))
  return isPresent(prefix) && registry.get(prefix) !== undefined ? prefix : undefined
}

function isPresent(value: string | undefined): value is string {
  return value !== undefined && value !== ''
}
