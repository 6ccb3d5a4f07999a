import { loggerField } from '../core/common-fields.ts'
import { LlmError, toLlmError } from '../core/error.ts'
import type { Logger } from '../core/log.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { required, withMethods, type Group } from '../core/schema.ts'
import { defaultPersona, personaSchema, type Persona } from './persona.ts'
import { readPersonaCard } from './persona-card.ts'
import { isVisibleTo, type PersonaStore } from './persona-store.ts'

/** A persona and how it was found. */
export interface FoundPersona {
  readonly persona: Persona
  /** `asked`: the requested one · `default`: none was requested or found · `ephemeral`: the store failed, so it is not stored (`ensureDefault` alone). */
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
  /**
   * Finds a persona by id or name, else returns the default one, which is stored on first use. With `visibleTo`, the key of a
   * user, another user's persona counts as missing. Rejects with the error of a store that fails: another persona would answer
   * without anybody's choice.
   */
  find(
    idOrName?: string | number,
    options?: { readonly visibleTo?: string | undefined },
  ): Promise<FoundPersona>
  /**
   * Returns the default persona. Concurrent calls, also in other processes, store it only once. Never rejects: while the store
   * fails, it returns one that is not stored.
   */
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

  const storedDefault = (): Promise<FoundPersona> => {
    // Concurrent calls share one run. A later call reads again, because the persona may have changed or been deleted.
    ensuring ??= ensure(store, fallback)
      .then((persona): FoundPersona => ({ persona, origin: 'default' }))
      .finally(() => (ensuring = undefined))
    return ensuring
  }
  const failed = (error: unknown): never => {
    logger?.warn({ error: messageOf(error) }, 'personas: the store failed')
    throw toLlmError(error, 'server-failed', 'the persona could not be read')
  }

  return {
    store,
    ensureDefault: () =>
      storedDefault().catch((error: unknown): FoundPersona => {
        logger?.warn({ error: messageOf(error) }, 'personas: the store failed, an ephemeral persona answers')
        return { persona: fallback, origin: 'ephemeral' }
      }),
    find: async (idOrName, { visibleTo } = {}) => {
      const key = idOrName === undefined ? '' : String(idOrName).trim()
      try {
        const persona = key === '' ? undefined : await store.get(key)
        if (persona !== undefined && isVisibleTo(persona, visibleTo)) return { persona, origin: 'asked' }
        return await storedDefault()
      } catch (error) {
        return failed(error)
      }
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
