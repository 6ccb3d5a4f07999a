import { personaPrompt, withOriginal, type Persona } from './persona.ts'

// Names of card formats under which templates also see a field.
const CARD_NAMES = {
  systemPrompt: ['system_prompt'],
  postHistoryInstructions: ['post_history_instructions'],
  greeting: ['first_message', 'first_mes'],
  exampleDialogue: ['message_example', 'mes_example'],
  notes: ['creator_notes'],
  cardVersion: ['character_version'],
} as const satisfies Partial<Record<keyof Persona, readonly string[]>>

/** Data that the chat itself provides to templates. */
export interface ChatData {
  readonly char: string
  readonly user: string
  readonly original_system_message_from_request: string
}

/**
 * Returns the data of templates: the texts and numbers of the persona, under our names and those of card formats,
 * overridden by the application's data, overridden by that of the chat. Copies descriptors, so that no getter runs.
 */
export function templateData(persona: Persona, own: object, chat: ChatData): Record<string, unknown> {
  const computed = {
    ...chat,
    char_name: chat.char,
    user_name: chat.user,
    character_system_prompt: ownPrompt(persona, chat.original_system_message_from_request),
  }
  const data: Record<string, unknown> = {}
  for (const layer of [fieldsOf(persona), own, computed])
    Object.defineProperties(data, Object.getOwnPropertyDescriptors(layer))
  return data
}

// Without what describes the persona, because templates have names for that.
function ownPrompt(persona: Persona, original: string): string {
  const { systemPrompt } = persona
  return systemPrompt.trim() === '' ? personaPrompt(persona) : withOriginal(systemPrompt, original)
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
