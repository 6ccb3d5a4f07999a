import { rowOf } from '../../core/json.ts'
import { LlmError } from '../../core/error.ts'
import type { ModelInfo } from '../../core/model-list.ts'
import type { Registry } from '../../core/registry.ts'
import type { CallOptions } from '../../core/request.ts'
import type { CallerAccess } from './guards/index.ts'
import type { ModelTarget, OpenAIHandlerOptions } from './handler-options.ts'

/** Maps the model names that clients use to targets. */
export class ModelNames {
  readonly #registry: Registry
  readonly #models: ReadonlyMap<string, ModelTarget>
  readonly #anyModel: boolean

  constructor(registry: Registry, { models, anyModel }: OpenAIHandlerOptions) {
    this.#registry = registry
    this.#models = new Map(Object.entries(models ?? {}))
    this.#anyModel = anyModel ?? models === undefined
  }

  /** Returns the target of a name. Throws `not-found` if the name is not served, or not to this caller. */
  find(name: string, access: CallerAccess): CallOptions {
    const target = this.#models.get(name)
    const served = target !== undefined || this.#anyModel
    if (!served || !mayName(name, access)) throw unknownModel(name)
    if (target === undefined) return { model: name }
    return typeof target === 'string' ? { model: target } : target
  }

  /** Returns the dialect id behind a name, which signed reasoning is bound to; `undefined` for an unknown name. */
  originOf(name: string): string | undefined {
    const target = this.#models.get(name) ?? name
    try {
      return this.#registry.resolve(typeof target === 'string' ? { model: target } : target).dialect.id
    } catch {
      return undefined
    }
  }

  /** Returns `not-found` in place of a `misconfigured` error whose cause is an unknown model name. */
  explain(error: unknown, name: string): unknown {
    if (!LlmError.is(error, 'misconfigured') || this.originOf(name) !== undefined) return error
    const { provider } = error
    const known = provider !== undefined && this.#registry.get(provider) !== undefined
    return known || this.#models.has(name) ? error : unknownModel(name)
  }

  /** Lists the models that a caller may name: the application's, or those of the catalogue by their full id. */
  list(access: CallerAccess): ModelInfo[] {
    const listed = this.#models.size > 0 || !this.#anyModel ? this.#named() : this.#fromCatalogue()
    return listed.filter(({ id }) => mayName(id, access))
  }

  /** Returns one model. Throws `not-found` for an unknown name. */
  get(name: string, access: CallerAccess): ModelInfo {
    this.find(name, access)
    if (!this.#models.has(name) && this.originOf(name) === undefined) throw unknownModel(name)
    return this.list(access).find(({ id }) => id === name) ?? { id: name, ownedBy: ownerOf(name) }
  }

  #named(): ModelInfo[] {
    return [...this.#models].map(([id, target]) => {
      const { provider, model } = typeof target === 'string' ? { provider: undefined, model: target } : target
      return { id, ownedBy: provider ?? ownerOf(model ?? id) }
    })
  }

  #fromCatalogue(): ModelInfo[] {
    return this.#registry.list().flatMap(({ id: provider, models = {}, defaultModel }) => {
      const known = Object.keys(models).filter((id) => !id.includes('*'))
      const rest = defaultModel === undefined || defaultModel in models ? [] : [defaultModel]
      return [...known, ...rest].map((id) => {
        const { contextWindow, maxOutput } = rowOf(models, id) ?? {}
        const name = id.startsWith(`${provider}/`) ? id : `${provider}/${id}`
        return { id: name, ownedBy: provider, contextWindow, maxOutput }
      })
    })
  }
}

function mayName(name: string, { limits }: CallerAccess): boolean {
  return limits?.models === undefined || limits.models.includes(name)
}

function ownerOf(name: string): string {
  return name.includes('/') ? name.slice(0, name.indexOf('/')) : 'host'
}

function unknownModel(name: string): LlmError {
  const shown = name.length > 100 ? `${name.slice(0, 100)}…` : name
  const message = `the model ${JSON.stringify(shown)} does not exist, or is not served to you`
  return new LlmError('not-found', message, { model: shown, issues: [{ path: 'model', message }] })
}
