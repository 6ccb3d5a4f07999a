import { LlmError } from '../../core/error.ts'
import type { ModelInfo } from '../../core/model-list.ts'
import type { Registry } from '../../core/registry.ts'
import type { CallOptions } from '../../core/request.ts'
import type { CallerAccess } from './guards/index.ts'
import type { ModelTarget, OpenAIHandlerOptions } from './handler-options.ts'

/** The names of models that clients use, and where they lead. */
export class ModelNames {
  readonly #registry: Registry
  readonly #models: ReadonlyMap<string, ModelTarget>
  readonly #anyModel: boolean

  constructor(registry: Registry, { models, anyModel }: OpenAIHandlerOptions) {
    this.#registry = registry
    this.#models = new Map(Object.entries(models ?? {}))
    this.#anyModel = anyModel ?? models === undefined
  }

  /** Where a name leads. Throws `not-found` for one that is not served, or not to this caller. */
  find(name: string, access: CallerAccess): CallOptions {
    const target = this.#models.get(name)
    const served = target !== undefined || this.#anyModel
    if (!served || !mayName(name, access)) throw unknownModel(name)
    if (target === undefined) return { model: name }
    return typeof target === 'string' ? { model: target } : target
  }

  /** The wire format behind a name: whose signed thoughts come back with it. */
  originOf(name: string): string | undefined {
    const target = this.#models.get(name) ?? name
    try {
      return this.#registry.resolve(typeof target === 'string' ? { model: target } : target).dialect.id
    } catch {
      return undefined
    }
  }

  /** An error of a call, or that its model does not exist where that is what it says. */
  explain(error: unknown, name: string): unknown {
    if (!LlmError.is(error, 'misconfigured') || this.originOf(name) !== undefined) return error
    const { provider } = error
    const known = provider !== undefined && this.#registry.get(provider) !== undefined
    return known || this.#models.has(name) ? error : unknownModel(name)
  }

  /** The models that a caller may name: those of the host, or those that the catalogue knows by their full id. */
  list(access: CallerAccess): ModelInfo[] {
    const listed = this.#models.size > 0 || !this.#anyModel ? this.#hosted() : this.#catalogued()
    return listed.filter(({ id }) => mayName(id, access))
  }

  /** One model. Throws `not-found` for a name that leads nowhere. */
  get(name: string, access: CallerAccess): ModelInfo {
    this.find(name, access)
    if (!this.#models.has(name) && this.originOf(name) === undefined) throw unknownModel(name)
    return this.list(access).find(({ id }) => id === name) ?? { id: name, ownedBy: ownerOf(name) }
  }

  #hosted(): ModelInfo[] {
    return [...this.#models].map(([id, target]) => {
      const { provider, model } = typeof target === 'string' ? { provider: undefined, model: target } : target
      return { id, ownedBy: provider ?? ownerOf(model ?? id) }
    })
  }

  #catalogued(): ModelInfo[] {
    return this.#registry.list().flatMap(({ id: provider, models = {}, defaultModel }) => {
      const known = Object.keys(models).filter((id) => !id.includes('*'))
      const rest = defaultModel === undefined || defaultModel in models ? [] : [defaultModel]
      return [...known, ...rest].map((id) => {
        const { contextWindow, maxOutput } = models[id] ?? {}
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
