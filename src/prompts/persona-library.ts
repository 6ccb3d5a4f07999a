import { loggerField } from '../core/common-fields.ts'
import { LlmError } from '../core/error.ts'
import type { Logger } from '../core/log.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { required, withMethods, type Group } from '../core/schema.ts'
import { defaultPersona, personaSchema, type Persona } from './persona.ts'
import { readPersonaCard } from './persona-card.ts'
import type { PersonaStore } from './persona-store.ts'

/** A persona and how it was found. */
export interface FoundPersona {
  readonly persona: Persona
  /** `asked`: the requested one · `default`: none was requested or found · `ephemeral`: the store failed, so it is not stored. */
  readonly origin: 'asked' | 'default' | 'ephemeral'
}

/** Options of {@link createPersonaLibrary}. */
export interface PersonaLibraryOptions {
  readonly store: PersonaStore
  /** The default persona. Default `defaultPersona`. */
  readonly fallback?: Persona | undefined
  /** Receives a warning when the store fails. Default: off. */
  readonly logger?: Logger | undefined
}

/** Personas of a store, with a default one as fallback. */
export interface PersonaLibrary {
  /** Finds a persona by id or name, else returns the default one, which is stored on first use. Never rejects. */
  find(idOrName?: string | number): Promise<FoundPersona>
  /** Returns the default persona. Concurrent calls, also in other processes, store it only once. Never rejects. */
  ensureDefault(): Promise<FoundPersona>
  /** Reads a card and stores it. Rejects with `invalid-request` if it is invalid, `conflict` if its name is in use. */
  import(card: unknown): Promise<Persona>
  readonly store: PersonaStore
}

/** The schema of {@link PersonaLibraryOptions}. */
export const personaLibrarySchema: Group = optionsSchema<PersonaLibraryOptions>()(() => ({
  store: required(withMethods('get', 'list', 'save', 'delete')),
  fallback: personaSchema,
  logger: loggerField,
}))

/**
 * Creates a persona library. It needs no closing; the application closes the store. Throws `misconfigured` if an option is
 * unknown or invalid.
 */
export function createPersonaLibrary(options: PersonaLibraryOptions): PersonaLibrary {
  checkOptions('createPersonaLibrary', personaLibrarySchema, options)
  const { store, fallback = defaultPersona, logger } = options
  let ensuring: Promise<FoundPersona> | undefined

  const ensureDefault = (): Promise<FoundPersona> => {
    // Concurrent calls share one run. A later call reads again, because the persona may have changed or been deleted.
    ensuring ??= ensure(store, fallback)
      .then((persona): FoundPersona => ({ persona, origin: 'default' }))
      .catch((error: unknown): FoundPersona => {
        logger?.warn({ error: messageOf(error) }, 'personas: the store failed, an ephemeral persona answers')
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
        logger?.warn({ error: messageOf(error) }, 'personas: the store failed, an ephemeral persona answers')
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
    // A concurrent call or another process has stored it.
    if (!LlmError.is(error, 'conflict')) throw error
    const existing = (await store.get(fallback.id)) ?? (await store.get(fallback.name))
    if (existing === undefined) throw error
    return existing
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown'
}
