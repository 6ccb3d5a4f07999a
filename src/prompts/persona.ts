import { newId } from '../core/create-id.ts'
import type { JsonObject } from '../core/json.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { anyObject, count, kind, listOf, nonEmptyText, required, text, type Group } from '../core/schema.ts'

/** A character that the model plays. Missing texts are empty. */
export interface Persona {
  readonly id: string
  /** 1 to 100 characters; unique in a store. */
  readonly name: string
  /** Replaces `{{char}}` instead of the name, if not blank. */
  readonly nickname: string
  readonly description: string
  readonly personality: string
  readonly scenario: string
  readonly systemPrompt: string
  /** Instructions after the history, where they have the most weight. */
  readonly postHistoryInstructions: string
  /** The first message of a conversation. */
  readonly greeting: string
  readonly alternateGreetings: readonly string[]
  /** Example dialogues, separated by `<START>`, in the format of `parseExampleDialogue`. */
  readonly exampleDialogue: string
  /** Notes of the creator for users of the card. Never sent to a model. */
  readonly notes: string
  readonly tags: readonly string[]
  readonly creator: string
  /** Version of the card, set by its creator. */
  readonly cardVersion: string
  /** A URL, a data URL, or base64. */
  readonly image: string
  readonly extensions: JsonObject
  /** The lore book of the card, unchanged. */
  readonly book?: JsonObject | undefined
  /** Number of saves; 0 if never saved. A store refuses to overwrite a newer version. */
  readonly version: number
}

/** Fields for {@link definePersona}. Only the name is required. */
export type PersonaInput = Partial<Persona> & Pick<Persona, 'name'>

/** The schema of {@link PersonaInput}. */
export const personaSchema: Group = optionsSchema<PersonaInput>()(() => ({
  id: nonEmptyText,
  name: required(kind('a name of 1 to 100 characters', isName)),
  nickname: text,
  description: text,
  personality: text,
  scenario: text,
  systemPrompt: text,
  postHistoryInstructions: text,
  greeting: text,
  alternateGreetings: listOf(text),
  exampleDialogue: text,
  notes: text,
  tags: listOf(text),
  creator: text,
  cardVersion: text,
  image: text,
  extensions: anyObject,
  book: anyObject,
  version: count,
}))

function isName(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '' && value.length <= 100
}

/**
 * Returns a frozen persona with defaults for missing fields and a new id if none is given. Throws `misconfigured` if a
 * field is unknown or has the wrong type. Use `readPersonaCard` for untrusted input, because this limits no sizes.
 */
export function definePersona(input: PersonaInput): Persona {
  checkOptions('definePersona', personaSchema, input)
  return Object.freeze({
    id: newId('persona'),
    nickname: '',
    description: '',
    personality: '',
    scenario: '',
    systemPrompt: '',
    postHistoryInstructions: '',
    greeting: '',
    alternateGreetings: [],
    exampleDialogue: '',
    notes: '',
    tags: [],
    creator: '',
    cardVersion: '',
    image: '',
    extensions: {},
    version: 0,
    ...input,
  })
}

/** The persona that is used if none was chosen or the chosen one does not exist. */
export const defaultPersona: Persona = /* @__PURE__ */ definePersona({
  id: 'persona_default',
  name: 'Helpful AI Assistant',
  systemPrompt:
    'You are a helpful assistant. Answer clearly and truthfully, and say so when you do not know something.',
  greeting: 'Hello! How can I help you today?',
  tags: ['default', 'assistant'],
  creator: 'System',
})

/** Returns the persona's system prompt, or a description of the persona if it has none. */
export function personaPrompt(persona: Persona): string {
  const { name, nickname, systemPrompt, description, personality, scenario } = persona
  if (systemPrompt.trim() !== '') return systemPrompt
  const lines = [
    description,
    personality.trim() === '' ? '' : `Personality: ${personality}`,
    scenario.trim() === '' ? '' : `Scenario: ${scenario}`,
  ].filter((line) => line.trim() !== '')
  return lines.length === 0
    ? ''
    : [`You are ${nickname.trim() === '' ? name : nickname}.`, ...lines].join('\n')
}

/** Returns a greeting: 0 is the first, 1 and up the alternates. Returns the first if there is none of that number. */
export function greetingOf(persona: Persona, index = 0): string {
  return (index === 0 ? undefined : persona.alternateGreetings[index - 1]) ?? persona.greeting
}
