import { argument, checkArguments, optional } from '../core/check-arguments.ts'
import { newId } from '../core/create-id.ts'
import { isObject, type JsonObject } from '../core/json.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { anyObject, count, kind, listOf, nonEmptyText, required, text, type Group } from '../core/schema.ts'
import { wrong } from './wrong.ts'

/** A character that the model plays. Missing texts are empty. */
export interface Persona {
  readonly id: string
  /** 1 to 100 characters; unique in its store. */
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
  /** The lore book of the card, unchanged. Its entries join the prompt when their keys are said. */
  readonly book?: JsonObject | undefined
  /**
   * Key of the user that the persona belongs to: only that user reads and changes it. Empty: it belongs to the application,
   * and everybody reads it.
   */
  readonly owner: string
  /** Number of saves; 0 if never saved. A store refuses to overwrite a newer version. */
  readonly version: number
}

/** The fields of a persona, of which only the name is required. */
export type PersonaInput = Pick<Persona, 'name'> & {
  readonly [K in Exclude<keyof Persona, 'name'>]?: Persona[K] | undefined
}

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
  owner: text,
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
  return Object.freeze({ ...EMPTY, id: newId('persona'), ...definedOnly(input) })
}

const EMPTY: Omit<Persona, 'id' | 'name'> = Object.freeze({
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
  owner: '',
  version: 0,
})

/**
 * Fills in the missing fields of a persona. Keeps fields of the application, which templates may read. Throws
 * `misconfigured` for the function `where` if a known field has the wrong type.
 */
export function completePersona(where: string, input: PersonaInput): Persona {
  const known = new Set(Object.keys(personaSchema.fields()))
  const own = isObject(input)
    ? Object.fromEntries(
        Object.entries(input).filter(([name, value]) => known.has(name) && !(name === 'id' && value === '')),
      )
    : input
  checkOptions(where, personaSchema, own ?? null, 'persona')
  return { ...EMPTY, id: '', ...definedOnly(input) }
}

function definedOnly<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const defined = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(defined) as { [K in keyof T]: Exclude<T[K], undefined> }
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

/**
 * Returns the persona's instructions: its system prompt, then description, personality and scenario. Without a system
 * prompt, they begin with its name; a persona with nothing but a name has none. `original` replaces `{{original}}`.
 */
export function personaPrompt(persona: PersonaInput, original = ''): string {
  if (typeof original !== 'string') throw wrong('personaPrompt', 'original', 'must be text')
  const { systemPrompt, description, personality, scenario, ...rest } = completePersona(
    'personaPrompt',
    persona,
  )
  const about = [
    description,
    personality.trim() === '' ? '' : `Personality: ${personality}`,
    scenario.trim() === '' ? '' : `Scenario: ${scenario}`,
  ].filter((line) => line.trim() !== '')
  const own = withOriginal(systemPrompt, original)
  if (own.trim() !== '') return [own, ...about].join('\n')
  return about.length === 0 ? '' : [`You are ${personaName(rest)}.`, ...about].join('\n')
}

const ORIGINAL = /\{\{\s*original\s*\}\}/gi

/** Whether a text has a place for the prompt that it replaces. */
export function hasOriginal(source: string): boolean {
  return source.search(ORIGINAL) >= 0
}

/** Puts the prompt that `source` replaces at `{{original}}`. */
export function withOriginal(source: string, original: string): string {
  return source.replaceAll(ORIGINAL, () => original)
}

/** The name of a persona in the conversation. */
export function personaName(persona: Pick<PersonaInput, 'name' | 'nickname'>): string {
  checkArguments('personaName', { name: argument.text, nickname: optional.text }, persona)
  const { name, nickname = '' } = persona
  return nickname.trim() === '' ? name : nickname
}

/** Returns a greeting: 0 is the first, 1 and up the alternates. Returns the first if there is none of that number. */
export function greetingOf(persona: PersonaInput, index = 0): string {
  const { greeting, alternateGreetings } = completePersona('greetingOf', persona)
  if (!Number.isSafeInteger(index) || index < 0)
    throw wrong('greetingOf', 'index', 'must be a whole number of 0 or more')
  return (index === 0 ? undefined : alternateGreetings[index - 1]) ?? greeting
}
