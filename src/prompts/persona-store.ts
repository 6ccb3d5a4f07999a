import { argument, checkArguments, optional } from '../core/check-arguments.ts'
import { LlmError } from '../core/error.ts'
import type { Persona } from './persona.ts'

/** Which personas `PersonaStore.list` returns. */
export interface PersonaQuery {
  /** Part of a name or tag. Case is ignored. */
  readonly search?: string | undefined
  /** Maximum number of personas. Default 100. */
  readonly limit?: number | undefined
  readonly offset?: number | undefined
  /** Key of a user: only that user's personas and those of the application, whose owner is empty. Default: all. */
  readonly visibleTo?: string | undefined
}

/** Whether a user may see a persona: it is the user's own, or the application's. Without a user, every persona is seen. */
export function isVisibleTo(persona: Pick<Persona, 'owner'>, user: string | undefined): boolean {
  checkArguments('isVisibleTo', { persona: argument.object, user: optional.text }, { persona, user })
  const { owner } = persona
  // Personas that were stored before they had owners have none.
  return user === undefined || (owner ?? '') === '' || owner === user
}

/**
 * A store for personas.
 *
 * Contract, which `personaStoreLaws` checks:
 * - `get` finds by id, else by name; `undefined` if there is none.
 * - `save` takes a persona with the version at which it was read (0 for a new one) and returns it with the next version.
 *   It rejects with `conflict`, and changes nothing, if the stored version differs or another persona has the name.
 * - `list` with `visibleTo` returns the personas of that owner and those without an owner, and counts no others in its pages.
 * - Of concurrent saves of one version, exactly one succeeds.
 * - Arguments and results are copies: changing them changes nothing in the store.
 */
export interface PersonaStore {
  get(idOrName: string): Promise<Persona | undefined>
  /** Sorted by name. */
  list(query?: PersonaQuery): Promise<readonly Persona[]>
  save(persona: Persona): Promise<Persona>
  /** Resolves with false if there was none. With `version`, rejects with `conflict` if the stored version differs. */
  delete(id: string, version?: number): Promise<boolean>
  /** Closes connections that the store opened itself. */
  close?(): Promise<void>
}

/** Creates a store in memory. */
export function createMemoryPersonaStore(initial: readonly Persona[] = []): PersonaStore {
  checkArguments('createMemoryPersonaStore', { initial: argument.objects }, { initial })
  const byId = new Map<string, Persona>()
  const idOf = (name: string): string | undefined =>
    [...byId.values()].find((found) => found.name === name)?.id
  const store: PersonaStore = {
    get: async (idOrName) => copyOf(byId.get(idOrName) ?? byId.get(idOf(idOrName) ?? '')),
    list: async ({ search = '', limit = 100, offset = 0, visibleTo } = {}) => {
      const words = search.toLowerCase()
      const found = [...byId.values()].filter(
        ({ name, tags, owner }) =>
          isVisibleTo({ owner }, visibleTo) &&
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
        throw new LlmError(
          'conflict',
          `the name "${persona.name}" is used by another persona; choose another name`,
        )
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
  const state = stored === 0 ? 'it is not stored' : `version ${stored} is stored`
  return new LlmError(
    'conflict',
    `persona "${name}": version ${version} was given, but ${state}; read it again, then repeat the change`,
  )
}
