import { personaName, type PersonaInput } from '../../prompts/index.ts'

/** The persona that answers. Only the name is required; a character card fits. */
export type ChatPersona = PersonaInput

/** The name of a persona in the conversation. */
export function displayName(persona: ChatPersona | undefined): string | undefined {
  return persona === undefined ? undefined : personaName(persona)
}
