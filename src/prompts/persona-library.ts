import { LlmError } from '../core/error.ts'
import type { Logger } from '../core/log.ts'
import { defaultPersona, type Persona } from './persona.ts'
import { readPersonaCard } from './persona-card.ts'
import type { PersonaStore } from './persona-store.ts'

/** A persona, and how it came to be the one. */
export interface FoundPersona {
  readonly persona: Persona
  /** `asked`: the one that was asked for · `default`: there is no such one, or none was asked for · `ephemeral`: the store failed, nothing is kept. */
  readonly origin: 'asked' | 'default' | 'ephemeral'
}

export interface PersonaLibraryOptions {
  readonly store: PersonaStore
  /** Who answers where nobody was asked for. Default `defaultPersona`. */
  readonly fallback?: Persona | undefined
  readonly logger?: Logger | undefined
}

/** Personas over a store, never without one that answers. */
export interface PersonaLibrary {
  /** The persona with this id or name, else the default one, which is stored when it is first needed. Never rejects. */
  find(idOrName?: string | number): Promise<FoundPersona>
  /** The default persona: stored once, however many ask for it at once, here and in other processes. */
  ensureDefault(): Promise<FoundPersona>
  /** Reads a card and stores it. Rejects with `invalid-request` or `conflict`. */
  import(card: unknown): Promise<Persona>
  readonly store: PersonaStore
}

/** Makes a library. There is nothing to close; the store is the host's. */
export function createPersonaLibrary({
  store,
  fallback = defaultPersona,
  logger,
}: PersonaLibraryOptions): PersonaLibrary {
  let ensuring: Promise<FoundPersona> | undefined

  const ensureDefault = (): Promise<FoundPersona> => {
    // Those who come while it is under way wait for the same; the next looks again, since it may be changed or gone.
    ensuring ??= ensure(store, fallback)
      .then((persona): FoundPersona => ({ persona, origin: 'default' }))
      .catch((error: unknown): FoundPersona => {
        logger?.warn({ error: wordsOf(error) }, 'personas: the store failed, an ephemeral persona answers')
        return { persona: fallback, origin: 'ephemeral' }
      })
      .finally(() => (ensuring = undefined))
    return ensuring
  }

  return {
    store,
    ensureDefault,
    find: async (idOrName) => {
      const key = idOrName === undefined ? '' : String(idOrName).trim()
      if (key === '') return ensureDefault()
      try {
        const persona = await store.get(key)
        if (persona !== undefined) return { persona, origin: 'asked' }
      } catch (error) {
        logger?.warn({ error: wordsOf(error) }, 'personas: the store failed, an ephemeral persona answers')
        return { persona: fallback, origin: 'ephemeral' }
      }
      return ensureDefault()
    },
    import: async (card) => store.save(readPersonaCard(card)),
  }
}

async function ensure(store: PersonaStore, fallback: Persona): Promise<Persona> {
  const found = (await store.get(fallback.id)) ?? (await store.get(fallback.name))
  if (found !== undefined) return found
  try {
    return await store.save({ ...fallback, version: 0 })
  } catch (error) {
    // Somebody else was faster.
    if (!LlmError.is(error, 'conflict')) throw error
    const theirs = (await store.get(fallback.id)) ?? (await store.get(fallback.name))
    if (theirs === undefined) throw error
    return theirs
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown'
}
