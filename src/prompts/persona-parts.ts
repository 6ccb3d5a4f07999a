import { argument, checkArguments } from '../core/check-arguments.ts'
import { plainText } from '../core/message.ts'
import { optionsSchema } from '../core/options.ts'
import type { MessageInput } from '../core/request.ts'
import type { Warning } from '../core/response.ts'
import { anyObject, count, listOf, type Group } from '../core/schema.ts'
import { parseExampleDialogue } from './example-dialogue.ts'
import { readLoreBook, scanLore, type LoreHit, type LorePlace } from './lore/index.ts'
import { personaName, greetingOf, hasOriginal, type Persona } from './persona.ts'
import { fillPlaceholders, type PlaceholderNames } from './placeholders.ts'

/** How lore books are used. */
export interface LoreOptions {
  /** Books of the application, besides that of the persona: of the format of a card, or `lorebook_v3`. */
  readonly books?: readonly object[] | undefined
  /** Number of newest messages that are searched for keys if a book does not say. Default 10. */
  readonly scanDepth?: number | undefined
  /** Maximum tokens of the entries of one book if it does not say. Default 4 000. */
  readonly tokenBudget?: number | undefined
}

/** The schema of {@link LoreOptions}. */
export const loreSchema: Group = optionsSchema<LoreOptions>()(() => ({
  books: listOf(anyObject),
  scanDepth: count,
  tokenBudget: count,
}))

/** What {@link composePersona} reads. */
export interface PersonaUse {
  readonly persona: Persona
  /** Instructions of the request or the application. Blank if there are none. */
  readonly host: string
  /** The conversation without instructions, newest message last. */
  readonly history: readonly MessageInput[]
  readonly names: PlaceholderNames
  readonly greeting?: boolean | number | undefined
  readonly examples?: boolean | undefined
  readonly postHistory?: boolean | string | undefined
  readonly lore?: boolean | LoreOptions | undefined
  readonly warn: (message: string) => void
}

/** A message that goes between those of the history: 0 follows the newest one, 1 precedes it, and so on. */
export interface PlacedMessage {
  readonly depth: number
  readonly message: MessageInput
}

/** The parts of a prompt besides the history. */
export interface PersonaParts {
  /** Empty if there are no instructions. */
  readonly system: string
  /** Example dialogue and greeting. */
  readonly opening: readonly MessageInput[]
  readonly placed: readonly PlacedMessage[]
  /** Instructions after the newest message. */
  readonly closing: readonly MessageInput[]
}

/**
 * Composes what a persona adds to a conversation. The host's instructions replace those of the persona, except where the
 * system prompt of the persona has a place for them (`{{original}}`).
 */
export async function composePersona(use: PersonaUse): Promise<PersonaParts> {
  checkArguments(
    'composePersona',
    { persona: argument.object, host: argument.text, history: argument.objects },
    use,
  )
  const { persona, host } = use
  const names = withTexts(use.names, persona)
  const fill: Fill = (text, original) =>
    fillIfNeeded(text, original === undefined ? names : { ...names, original })
  const greeting = greetingMessage(use, fill)
  const hits = await loreOf(use, { fill, said: [...greeting, ...use.history] })
  const isHosts = host.trim() !== '' && !hasOriginal(persona.systemPrompt)
  const own = isHosts ? fill(host) : personaText(persona, { host, hits, fill })
  const system = [...at(hits, 'before'), own, ...at(hits, 'after'), ...(isHosts ? besides(hits) : [])]
  return {
    system: joined(system),
    opening: [...exampleMessages(use, names), ...greeting],
    placed: hits.flatMap(placedMessage),
    closing: [...hits.flatMap(closingMessage), ...postHistoryMessage(use, fill)],
  }
}

function personaText(
  persona: Persona,
  { host, hits, fill }: { host: string; hits: readonly LoreHit[]; fill: Fill },
): string {
  const { description, personality, scenario } = persona
  const system = joined([fill(persona.systemPrompt, fill(host))])
  const about = [
    ...at(hits, 'before-description'),
    fill(description),
    ...at(hits, 'after-description'),
    labelled('Personality', [fill(personality), ...at(hits, 'personality')]),
    labelled('Scenario', [fill(scenario), ...at(hits, 'scenario')]),
  ]
  const name = joined(about) === '' || system !== '' ? '' : `You are ${personaName(persona)}.`
  return joined([system, name, ...about])
}

/** Replaces macros. `original` is the text that `{{original}}` stands for. */
type Fill = (text: string, original?: string) => string

function labelled(label: string, texts: readonly string[]): string {
  const text = joined(texts)
  return text === '' ? '' : `${label}: ${text}`
}

function joined(texts: readonly string[]): string {
  return texts.filter((text) => text.trim() !== '').join('\n')
}

function at(hits: readonly LoreHit[], place: LorePlace): readonly string[] {
  return hits.flatMap(({ entry, text }) => (entry.place === place ? [text] : []))
}

/** Entries whose places are parts of a persona that is not described. */
function besides(hits: readonly LoreHit[]): readonly string[] {
  const places = ['before-description', 'after-description', 'personality', 'scenario'] as const
  return places.flatMap((place) => at(hits, place))
}

const DEFAULT_SCAN_DEPTH = 10
const DEFAULT_BUDGET = 4_000

async function loreOf(
  use: PersonaUse,
  { fill, said }: { fill: Fill; said: readonly MessageInput[] },
): Promise<readonly LoreHit[]> {
  const { persona, lore = true, names, greeting, warn } = use
  if (lore === false) return []
  const {
    books = [],
    scanDepth = DEFAULT_SCAN_DEPTH,
    tokenBudget = DEFAULT_BUDGET,
  } = lore === true ? {} : lore
  const all = [...books, ...(persona.book === undefined ? [] : [persona.book])].map(readLoreBook)
  if (all.every(({ entries, skipped }) => entries.length + skipped === 0)) return []
  const messages = said.flatMap(({ role, content }) =>
    role === 'tool' ? [] : [{ role, text: textOf(content) }],
  )
  const begun = typeof greeting === 'number' ? greeting : greeting === true ? 0 : undefined
  const scan = {
    messages,
    greeting: begun,
    scanDepth,
    tokenBudget,
    fill,
    random: names.random ?? Math.random,
    warn,
  }
  const hits: LoreHit[] = []
  for (const book of all) {
    if (book.skipped > 0)
      warn(`${book.skipped} entries of a lore book were left out: they are malformed or too many.`)
    hits.push(...(await scanLore(book, scan)))
  }
  return hits
}

function placedMessage({ entry: { place, role }, text }: LoreHit): readonly PlacedMessage[] {
  return typeof place === 'number' && place > 0 ? [{ depth: place, message: { role, content: text } }] : []
}

// After the newest message, words of the assistant would be a prefill, which most models refuse.
function closingMessage({ entry: { place, role }, text }: LoreHit): readonly MessageInput[] {
  return place === 0 ? [{ role: role === 'user' ? role : 'system', content: text }] : []
}

function exampleMessages({ persona, examples = false }: PersonaUse, names: PlaceholderNames): MessageInput[] {
  return examples ? parseExampleDialogue(persona.exampleDialogue, names).flat() : []
}

function greetingMessage(
  { persona, history, greeting = false }: PersonaUse,
  fill: Fill,
): readonly MessageInput[] {
  if (greeting === false || history.some(({ role }) => role === 'assistant')) return []
  const text = greetingOf(persona, greeting === true ? 0 : greeting)
  return text.trim() === '' ? [] : [{ role: 'assistant', content: fill(text) }]
}

function postHistoryMessage(
  { persona, postHistory = true }: PersonaUse,
  fill: Fill,
): readonly MessageInput[] {
  if (postHistory === false) return []
  const host = typeof postHistory === 'string' ? fill(postHistory) : ''
  const own = persona.postHistoryInstructions
  const text = own.trim() === '' ? host : fill(own, host)
  return text.trim() === '' ? [] : [{ role: 'system', content: text }]
}

function withTexts(names: PlaceholderNames, persona: Persona): PlaceholderNames {
  const { description, personality, scenario } = persona
  const fill = (text: string): string => fillIfNeeded(text, names)
  return {
    ...names,
    description: fill(description),
    personality: fill(personality),
    scenario: fill(scenario),
  }
}

function fillIfNeeded(text: string, names: PlaceholderNames): string {
  return text.includes('{{') || text.includes('<') ? fillPlaceholders(text, names) : text
}

function textOf(content: MessageInput['content']): string {
  return plainText((content ?? '') as string | readonly { readonly type: string }[], '\n')
}

/** Puts a warning into a list, once. */
export function warnOnce(warnings: Warning[], message: string): void {
  if (!warnings.some((warning) => warning.message === message)) warnings.push({ type: 'other', message })
}
