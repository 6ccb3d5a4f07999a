import { newId } from '../core/create-id.ts'
import type { JsonObject } from '../core/json.ts'

/** Who the model plays: a character with its texts. Absent texts are empty. */
export interface Persona {
  readonly id: string
  /** 1 to 100 characters; unique in a store. */
  readonly name: string
  /** What `{{char}}` stands for, where that is not the name. */
  readonly nickname: string
  readonly description: string
  readonly personality: string
  readonly scenario: string
  readonly systemPrompt: string
  /** Said to the model after the history, where it weighs most. */
  readonly postHistoryInstructions: string
  /** The first message of a conversation. */
  readonly greeting: string
  readonly alternateGreetings: readonly string[]
  /** Sample talk, `<START>` between pieces; `parseExampleDialogue` reads it. */
  readonly exampleDialogue: string
  /** The creator's words to whoever uses the card; never sent. */
  readonly notes: string
  readonly tags: readonly string[]
  readonly creator: string
  /** The creator's version of the card. */
  readonly cardVersion: string
  /** An address, a data URL, or base64. */
  readonly image: string
  readonly extensions: JsonObject
  /** The card's lore book, kept as it came. */
  readonly book?: JsonObject | undefined
  /** Counts saves; 0 where it was never saved. A store refuses to save over a newer one. */
  readonly version: number
}

/** Fields that a persona may be made with; only the name is needed. */
export type PersonaInput = Partial<Persona> & Pick<Persona, 'name'>

/** A persona with all its fields, and an id of its own where it brings none. Checks nothing: what comes from outside is read by `readPersonaCard`. */
export function definePersona(input: PersonaInput): Persona {
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

/** Who answers where no persona was chosen, or the chosen one is not there. */
export const defaultPersona: Persona = /* @__PURE__ */ definePersona({
  id: 'persona_default',
  name: 'Helpful AI Assistant',
  systemPrompt:
    'You are a helpful assistant. Answer clearly and truthfully, and say so when you do not know something.',
  greeting: 'Hello! How can I help you today?',
  tags: ['default', 'assistant'],
  creator: 'System',
})

/** What the persona tells the model: its system prompt, or where it has none, who it is. */
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

/** The greeting with this number: 0 is the first, then the alternates. The first where there is none of that number. */
export function greetingOf(persona: Persona, index = 0): string {
  return (index === 0 ? undefined : persona.alternateGreetings[index - 1]) ?? persona.greeting
}
