import { LlmError, toLlmError } from '../../core/error.ts'
import { completePersona, defaultPersona, type Persona } from '../../prompts/index.ts'
import { type Identity, type ServiceContext, displayName } from '../contract/index.ts'

/** A persona as the application returned it, and with all fields. */
export interface FoundPersona {
  readonly persona: Persona
  readonly given: object
}

/** The persona that is asked for. */
export interface PersonaAsked {
  readonly identity: Identity
  /** Name or id in the request. */
  readonly asked: string | undefined
  /** Name or id in the conversation. Used if the request has none. */
  readonly kept?: string | undefined
}

/**
 * Finds the persona of a turn. `problem` says that another one answers, or none. Rejects if the application's function
 * fails, or with `misconfigured` if it returns no persona.
 */
export async function findPersona(
  service: ServiceContext,
  { identity, asked, kept }: PersonaAsked,
): Promise<{ readonly found?: FoundPersona | undefined; readonly problem?: string | undefined }> {
  const reference = asked ?? kept
  if (reference === undefined) return {}
  const found = await ask(service, reference, identity)
  const shown = JSON.stringify(reference.slice(0, 100))
  if (found === undefined)
    return { problem: `unknown persona ${shown}: the turn was answered without a persona` }
  const { persona } = found
  if (isNamed(persona, reference)) return { found }
  // A name of the application's own also finds a persona that is not named so. The id of a conversation does not.
  const isOther =
    persona.id === defaultPersona.id ||
    (asked === undefined &&
      persona.id !== '' &&
      (await ask(service, persona.id, identity))?.persona.id === persona.id)
  const other = JSON.stringify(displayName(persona)?.slice(0, 100))
  return isOther
    ? { found, problem: `the persona ${shown} does not exist any more: ${other} answered` }
    : { found }
}

/**
 * Returns what a conversation stores of a persona: its id, if the application finds it by that, so that a renamed persona
 * is found; else the name that was given.
 */
export async function personaKey(
  service: ServiceContext,
  identity: Identity,
  { asked, found }: { readonly asked: string; readonly found: FoundPersona | undefined },
): Promise<string> {
  const { id = '' } = found?.persona ?? {}
  if (id === '' || id === asked || (id === defaultPersona.id && asked !== defaultPersona.name)) return asked
  const again = await ask(service, id, identity)
  return again?.persona.id === id ? id : asked
}

function isNamed({ id, name, nickname }: Persona, reference: string): boolean {
  const wanted = reference.trim()
  return [id, name, nickname].some((known) => known.trim() === wanted)
}

async function ask(
  service: ServiceContext,
  reference: string,
  identity: Identity,
): Promise<FoundPersona | undefined> {
  const { persona: find } = service.options
  try {
    const given = await find?.(reference, identity)
    if (given === undefined || given === null) return undefined
    return { given, persona: completePersona('persona', given) }
  } catch (error) {
    if (LlmError.is(error)) throw error
    throw toLlmError(error, 'server-failed', 'the persona could not be read')
  }
}
