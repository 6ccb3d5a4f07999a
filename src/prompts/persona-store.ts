import { LlmError } from '../core/error.ts'
import type { Persona } from './persona.ts'

/** Which personas to list. */
export interface PersonaQuery {
  /** Part of a name or tag, in any case. */
  readonly search?: string | undefined
  /** Default 100. */
  readonly limit?: number | undefined
  readonly offset?: number | undefined
}

/**
 * Keeps personas.
 *
 * Laws, which `personaStoreLaws` checks:
 * - `get` finds by id, else by name; `undefined` where there is none.
 * - `save` takes a persona at the version it was read at, 0 for a new one, and gives it back one version on. It rejects
 *   with `conflict` where the stored version is another, and where another persona has the name; nothing is changed then.
 * - Of saves at once of one version exactly one succeeds.
 * - What was given or is given back is not shared: a change to it changes nothing in the store.
 */
export interface PersonaStore {
  get(idOrName: string): Promise<Persona | undefined>
  /** Sorted by name. */
  list(query?: PersonaQuery): Promise<readonly Persona[]>
  save(persona: Persona): Promise<Persona>
  /** False where there was none. With `version`, rejects with `conflict` where the stored one is another. */
  delete(id: string, version?: number): Promise<boolean>
  /** Releases connections that the store opened itself. */
  close?(): Promise<void>
}

/** A store in this process. */
export function createMemoryPersonaStore(initial: readonly Persona[] = []): PersonaStore {
  const byId = new Map<string, Persona>()
  const idOf = (name: string): string | undefined =>
    [...byId.values()].find((found) => found.name === name)?.id
  const store: PersonaStore = {
    get: async (idOrName) => copyOf(byId.get(idOrName) ?? byId.get(idOf(idOrName) ?? '')),
    list: async ({ search = '', limit = 100, offset = 0 } = {}) => {
      const words = search.toLowerCase()
      const found = [...byId.values()].filter(({ name, tags }) =>
        [name, ...tags].some((text) => text.toLowerCase().includes(words)),
      )
      const sorted = found.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
      return sorted.slice(offset, offset + limit).map((persona) => structuredClone(persona))
    },
    save: async (persona) => {
      const stored = byId.get(persona.id)?.version ?? 0
      if (persona.version !== stored) throw staleError(persona, stored)
      const holder = idOf(persona.name)
      if (holder !== undefined && holder !== persona.id)
        throw new LlmError('conflict', `another persona has the name "${persona.name}": choose another`)
      const saved = structuredClone({ ...persona, version: stored + 1 })
      byId.set(saved.id, saved)
      return structuredClone(saved)
    },
    delete: async (id, version) => {
      const stored = byId.get(id)
      if (stored === undefined) return false
      if (version !== undefined && version !== stored.version)
        throw staleError({ ...stored, version }, stored.version)
      return byId.delete(id)
    },
  }
  for (const persona of initial)
    byId.set(persona.id, structuredClone({ ...persona, version: persona.version || 1 }))
  return store
}

function copyOf(persona: Persona | undefined): Persona | undefined {
  return persona === undefined ? undefined : structuredClone(persona)
}

function staleError({ name, version }: Persona, stored: number): LlmError {
  const state = stored === 0 ? 'is not stored any more' : `is at version ${stored} by now`
  return new LlmError(
    'conflict',
    `the persona "${name}" was changed from version ${version}, and ${state}: read it again`,
  )
}
