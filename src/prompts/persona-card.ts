import { argument, checkArguments } from '../core/check-arguments.ts'
import { requestError, type Issue } from '../core/error.ts'
import { newId } from '../core/create-id.ts'
import { isObject, parseJson, type JsonObject } from '../core/json.ts'
import { definePersona, type Persona } from './persona.ts'
import { isPng, readPngTexts } from './png-text.ts'

const MAX_NAME_CHARS = 100
const MAX_TEXT_CHARS = 200_000
const MAX_LIST = 1_000
const MAX_OBJECT_CHARS = 5_000_000

// Per field: our name, then that of the card formats, then names of other programs. The first one present is read.
const TEXTS = {
  nickname: ['nickname'],
  description: ['description', 'char_persona'],
  personality: ['personality'],
  scenario: ['scenario', 'world_scenario'],
  systemPrompt: ['systemPrompt', 'system_prompt'],
  postHistoryInstructions: ['postHistoryInstructions', 'post_history_instructions', 'post_history'],
  greeting: ['greeting', 'first_mes', 'first_message', 'firstMessage', 'char_greeting'],
  exampleDialogue: [
    'exampleDialogue',
    'mes_example',
    'message_example',
    'messageExample',
    'example_dialogue',
    'example_messages',
  ],
  notes: ['notes', 'creator_notes', 'creatorNotes', 'creatorcomment', 'creator_comment'],
  creator: ['creator', 'author'],
  cardVersion: ['cardVersion', 'character_version', 'characterVersion'],
  image: ['image', 'image_base64', 'avatar'],
} as const
const NAMES = ['name', 'char_name', 'character_name'] as const
const LISTS = {
  alternateGreetings: ['alternateGreetings', 'alternate_greetings'],
  tags: ['tags'],
} as const

/**
 * Reads a character card of format v1, v2 or v3, or a persona: an object, JSON text, bytes, or a PNG image that contains
 * a card. Returns a persona with a new id and version 0. Throws `invalid-request` with all issues.
 */
export function readPersonaCard(source: unknown): Persona {
  const card = source instanceof Uint8Array ? readPngCard(source) : parseCard(source)
  if (!isObject(card))
    throw requestError([{ path: '', message: 'is not a character card; expected a JSON object' }])
  const { fields, prefix } = fieldsOf(card)
  const reader = new CardReader(fields, prefix)
  const name = reader.name()
  const texts = Object.fromEntries(Object.entries(TEXTS).map(([field, names]) => [field, reader.text(names)]))
  const lists = Object.fromEntries(Object.entries(LISTS).map(([field, names]) => [field, reader.list(names)]))
  const extensions = reader.object(['extensions']) ?? {}
  const book = reader.object(['book', 'character_book'])
  if (reader.issues.length > 0) throw requestError(reader.issues)
  const kept = book === undefined ? {} : { book }
  return definePersona({ ...texts, ...lists, ...kept, name, extensions, id: newId('persona'), version: 0 })
}

/** Returns the fields of a persona that have the name of a card format, with our name of each. */
export function cardFieldsOf(persona: object): readonly (readonly [string, string])[] {
  const renamed = Object.entries({ ...TEXTS, ...LISTS, book: ['book', 'character_book'] as const })
  return renamed.flatMap(([ours, names]) =>
    names
      .filter((name) => name !== ours && Object.hasOwn(persona, name))
      .map((name) => [name, ours] as const),
  )
}

/** Converts a persona to a card of format v2, which most programs read. */
export function writePersonaCard(persona: Persona): JsonObject {
  checkArguments('writePersonaCard', { persona: argument.object }, { persona })
  const { nickname, image, book } = persona
  return {
    spec: 'chara_card_v2',
    spec_version: '2.0',
    data: {
      name: persona.name,
      description: persona.description,
      personality: persona.personality,
      scenario: persona.scenario,
      first_mes: persona.greeting,
      mes_example: persona.exampleDialogue,
      creator_notes: persona.notes,
      system_prompt: persona.systemPrompt,
      post_history_instructions: persona.postHistoryInstructions,
      alternate_greetings: persona.alternateGreetings,
      tags: persona.tags,
      creator: persona.creator,
      character_version: persona.cardVersion,
      extensions: persona.extensions,
      ...(nickname === '' ? {} : { nickname }),
      ...(image === '' ? {} : { image }),
      ...(book === undefined ? {} : { character_book: book }),
    },
  }
}

function parseCard(source: unknown): unknown {
  if (typeof source !== 'string') return source
  return parseJson(source.replace(/^\uFEFF/, ''))
}

function readPngCard(bytes: Uint8Array): unknown {
  if (!isPng(bytes)) return parseCard(new TextDecoder().decode(bytes))
  const texts = readPngTexts(bytes)
  const text = texts.get('ccv3') ?? texts.get('chara')
  if (text === undefined)
    throw requestError([{ path: '', message: 'is a PNG image without a character card' }])
  const card = parseJson(decodeBase64(text) ?? '')
  if (card === undefined)
    throw requestError([{ path: '', message: 'is a PNG image whose character card is not base64 JSON' }])
  return card
}

function decodeBase64(text: string): string | undefined {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(text), (char) => char.charCodeAt(0)))
  } catch {
    return undefined
  }
}

/** Returns the fields of a card. From v2 on they are in `data`, which overrides old fields beside it. */
function fieldsOf(card: Record<string, unknown>): { fields: Record<string, unknown>; prefix: string } {
  return isObject(card['data']) ? { fields: card['data'], prefix: 'data.' } : { fields: card, prefix: '' }
}

class CardReader {
  readonly issues: Issue[] = []
  readonly #fields: Record<string, unknown>
  readonly #prefix: string

  constructor(fields: Record<string, unknown>, prefix: string) {
    this.#fields = fields
    this.#prefix = prefix
  }

  name(): string {
    const name = this.text(NAMES).trim()
    const hasIssue = this.issues.length > 0
    if (name === '' && !hasIssue) this.#issue('name', 'is required')
    if (name.length > MAX_NAME_CHARS) this.#issue('name', `is longer than ${MAX_NAME_CHARS} characters`)
    if (/\p{Cc}/u.test(name)) this.#issue('name', 'must not contain control characters')
    return name
  }

  text(names: readonly string[]): string {
    const found = this.#find(names)
    if (found === undefined) return ''
    // Some cards write versions as numbers.
    const text = typeof found.value === 'number' ? String(found.value) : found.value
    if (typeof text !== 'string') return this.#issue(found.name, 'must be a string')
    // An embedded image may be longer than other texts.
    if (text.length > MAX_TEXT_CHARS && !TEXTS.image.some((name) => name === found.name))
      return this.#issue(found.name, `is longer than ${MAX_TEXT_CHARS} characters`)
    return text
  }

  list(names: readonly string[]): readonly string[] {
    const found = this.#find(names)
    if (found === undefined) return []
    const value = typeof found.value === 'string' ? splitList(found.value) : found.value
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
      this.#issue(found.name, 'must be a list of strings')
      return []
    }
    if (value.length > MAX_LIST || value.some((item) => item.length > MAX_TEXT_CHARS))
      this.#issue(found.name, `must have at most ${MAX_LIST} strings of ${MAX_TEXT_CHARS} characters`)
    return value
  }

  object(names: readonly string[]): JsonObject | undefined {
    const found = this.#find(names)
    if (found === undefined) return undefined
    const value = typeof found.value === 'string' ? parseJson(found.value) : found.value
    const plain = isObject(value) ? plainCopy(value) : undefined
    if (plain === undefined)
      this.#issue(found.name, `must be an object of plain JSON, at most ${MAX_OBJECT_CHARS} characters`)
    return plain
  }

  #find(names: readonly string[]): { name: string; value: unknown } | undefined {
    for (const name of names) {
      const value = Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined
      if (value !== undefined && value !== null) return { name, value }
    }
    return undefined
  }

  #issue(name: string, message: string): string {
    this.issues.push({ path: this.#prefix + name, message })
    return ''
  }
}

/** Copies an object through JSON. Returns `undefined` if that fails or the JSON is too long. */
function plainCopy(value: object): JsonObject | undefined {
  try {
    const text = JSON.stringify(value)
    return text.length > MAX_OBJECT_CHARS ? undefined : (JSON.parse(text) as JsonObject)
  } catch {
    return undefined
  }
}

/** Parses a list from text: JSON, else separated by commas. */
function splitList(text: string): unknown {
  const list = parseJson(text)
  if (Array.isArray(list)) return list
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}
