import { personaPrompt, type Persona } from './persona.ts'

// Under which names a template may ask for a field, besides the field's own.
const CARD_NAMES = {
  systemPrompt: ['system_prompt'],
  postHistoryInstructions: ['post_history_instructions'],
  greeting: ['first_message', 'first_mes'],
  exampleDialogue: ['message_example', 'mes_example'],
  notes: ['creator_notes'],
  cardVersion: ['character_version'],
} as const satisfies Partial<Record<keyof Persona, readonly string[]>>

/** What a chat brings to its templates by itself. */
export interface ChatData {
  readonly char: string
  readonly user: string
  readonly original_system_message_from_request: string
}

/**
 * What templates see: every text and number of the persona under our names and those of cards; over them the host's own
 * data, and over that the chat's. Descriptors are copied, so that no getter runs.
 */
export function templateData(persona: Persona, own: object, chat: ChatData): Record<string, unknown> {
  const computed = {
    ...chat,
    char_name: chat.char,
    user_name: chat.user,
    character_system_prompt: personaPrompt(persona),
  }
  const data: Record<string, unknown> = {}
  for (const layer of [fieldsOf(persona), own, computed])
    Object.defineProperties(data, Object.getOwnPropertyDescriptors(layer))
  return data
}

function fieldsOf(persona: Persona): Record<string, string | number> {
  const fields: Record<string, string | number> = {}
  for (const [field, value] of Object.entries(persona) as [string, unknown][]) {
    if (typeof value !== 'string' && typeof value !== 'number') continue
    fields[field] = value
    const others = Object.hasOwn(CARD_NAMES, field) ? CARD_NAMES[field as keyof typeof CARD_NAMES] : []
    for (const other of others) fields[other] = value
  }
  return fields
}
