import { plainText } from '../core/message.ts'
import type { MessageInput } from '../core/request.ts'
import type { Warning } from '../core/response.ts'
import { createPromptLibrary, type PromptLibrary, type PromptTemplate } from '../templates/index.ts'
import { parseExampleDialogue } from './example-dialogue.ts'
import { defaultPersona, greetingOf, personaPrompt, type Persona } from './persona.ts'
import { fillMessages, fillPlaceholders, mapText, type PlaceholderNames } from './placeholders.ts'
import { speakerName } from './speaker-name.ts'
import { templateData } from './template-data.ts'

/** What a prompt is composed from. */
export interface PromptInput {
  /** The talk so far, the newest turn last. Turns of the role `system` count as the request's instructions. */
  readonly messages: readonly MessageInput[]
  /** The request's instructions; before any system turn. */
  readonly system?: string | undefined
  /** Default: the default persona. */
  readonly persona?: Persona | undefined
  /** A prompt template or its name. Default: none, every text stays as it is. */
  readonly template?: string | PromptTemplate | undefined
  /** More for templates to see. Hides fields of the persona of the same name, not the names and texts of the chat itself. */
  readonly data?: Readonly<Record<string, unknown>> | undefined
  /** Instructions of the context, such as a community; before the persona's, after the request's. */
  readonly contextPrompt?: string | undefined
  /** Default `User`. */
  readonly user?: string | undefined
  readonly randomUsers?: PlaceholderNames['randomUsers']
  readonly random?: PlaceholderNames['random']
  /** Begins with the persona's greeting where the persona has not spoken yet: true, or the number of an alternate. Default false. */
  readonly greeting?: boolean | number | undefined
  /** Begins with the persona's example dialogue as turns. Default false. */
  readonly examples?: boolean | undefined
  /** Ends with the persona's post-history instructions. Default true. */
  readonly postHistory?: boolean | undefined
  /** Gives the persona's turns its name. Some providers refuse named turns. Default false. */
  readonly nameTurns?: boolean | undefined
  /** Of several system turns: `first` takes the first and warns of the others, `join` takes all. Default `first`. */
  readonly systemTurns?: 'first' | 'join' | undefined
}

/** What to send; spread it into a request. */
export interface ComposedPrompt {
  readonly system: string | undefined
  readonly messages: MessageInput[]
}

export interface PromptComposer {
  /**
   * Composes instructions and turns. The instructions are the first of these that is not blank: with a template for them,
   * its result; without, the request's own (`system`, else its first system turn); then `contextPrompt`; then the persona's.
   * A template that cannot be used leaves its text as it is, with a warning.
   */
  compose(input: PromptInput): Promise<ComposedPrompt & { readonly warnings: readonly Warning[] }>
}

/** Makes a composer over a library of prompt templates. Default: those that come along. */
export function createPromptComposer(options: { library?: PromptLibrary | undefined } = {}): PromptComposer {
  const library = options.library ?? createPromptLibrary()
  return { compose: (input) => new Composition(library, input).compose() }
}

class Composition {
  readonly #library: PromptLibrary
  readonly #input: PromptInput
  readonly #persona: Persona
  readonly #names: PlaceholderNames & { readonly char: string; readonly user: string }
  readonly #warnings: Warning[] = []

  constructor(library: PromptLibrary, input: PromptInput) {
    const { persona = defaultPersona, user = '', randomUsers, random } = input
    const char = persona.nickname.trim() === '' ? persona.name : persona.nickname
    this.#library = library
    this.#input = input
    this.#persona = persona
    this.#names = { char, user: user.trim() === '' ? 'User' : user, randomUsers, random }
  }

  async compose(): Promise<ComposedPrompt & { readonly warnings: readonly Warning[] }> {
    const { messages } = this.#input
    const turns = messages.filter(({ role }) => role !== 'system' && role !== 'developer')
    const original = this.#originalSystem()
    const data = this.#data(original)
    const system = await this.#system(original, data)
    const shaped: MessageInput[] = []
    for (const turn of turns) shaped.push(await this.#shape(turn, data))
    const filled = [...this.#opening(turns), ...fillMessages(shaped, this.#names), ...this.#closing()]
    return {
      system: system === '' ? undefined : system,
      messages: filled.map((turn) => this.#named(turn)),
      warnings: this.#warnings,
    }
  }

  #originalSystem(): string {
    const { system = '', messages, systemTurns = 'first' } = this.#input
    const turns = messages.filter(({ role }) => role === 'system' || role === 'developer')
    const texts = [system, ...turns.map(({ content }) => textOf(content))].filter(
      (text) => text.trim() !== '',
    )
    if (systemTurns === 'join') return texts.join('\n\n')
    if (texts.length > 1)
      this.#warn(`Of ${texts.length} system messages the first was taken; systemTurns: 'join' takes all.`)
    return texts[0] ?? ''
  }

  #data(original: string): Record<string, unknown> {
    const { char, user } = this.#names
    return templateData(this.#persona, this.#input.data ?? {}, {
      char,
      user,
      original_system_message_from_request: original,
    })
  }

  async #system(original: string, data: Record<string, unknown>): Promise<string> {
    const { template, contextPrompt = '' } = this.#input
    const own = template === undefined ? null : await this.#templateOf(template)
    const hasTemplate = own?.system !== undefined
    const first = hasTemplate ? await this.#apply(own, 'system', { text: original, data }) : original
    const chosen =
      [first, contextPrompt, personaPrompt(this.#persona)].find((text) => text.trim() !== '') ?? ''
    return fillPlaceholders(chosen, this.#names)
  }

  async #templateOf(template: string | PromptTemplate): Promise<PromptTemplate | null> {
    if (typeof template !== 'string') return template
    const found = await this.#library.get(template)
    if (found === null) this.#warn('There is no prompt template of the name that was given.')
    return found
  }

  // Every text part by itself; images stay where they are.
  async #shape(turn: MessageInput, data: Record<string, unknown>): Promise<MessageInput> {
    const { template } = this.#input
    if (template === undefined || (turn.role !== 'user' && turn.role !== 'assistant')) return turn
    const texts: string[] = []
    mapText(turn, (text) => {
      texts.push(text)
      return text
    })
    const results: string[] = []
    for (const text of texts) results.push(await this.#apply(template, turn.role, { text, data }))
    return mapText(turn, () => results.shift() ?? '')
  }

  async #apply(
    template: string | PromptTemplate,
    part: 'system' | 'user' | 'assistant',
    { text, data }: { text: string; data: Record<string, unknown> },
  ): Promise<string> {
    const { text: result, warnings } = await this.#library.apply(template, part, text, data)
    for (const { message } of warnings) this.#warn(message)
    return result
  }

  #opening(turns: readonly MessageInput[]): MessageInput[] {
    const { examples = false, greeting = false } = this.#input
    const opening = examples ? parseExampleDialogue(this.#persona.exampleDialogue, this.#names).flat() : []
    if (greeting === false || turns.some(({ role }) => role === 'assistant')) return opening
    const text = greetingOf(this.#persona, greeting === true ? 0 : greeting)
    if (text.trim() === '') return opening
    return [...opening, { role: 'assistant', content: fillPlaceholders(text, this.#names) }]
  }

  #closing(): MessageInput[] {
    const { postHistory = true } = this.#input
    const text = this.#persona.postHistoryInstructions
    if (!postHistory || text.trim() === '') return []
    return [{ role: 'system', content: fillPlaceholders(text, this.#names) }]
  }

  #named(turn: MessageInput): MessageInput {
    if (turn.role !== 'user' && turn.role !== 'assistant') return turn
    const own =
      turn.name ??
      (this.#input.nameTurns === true && turn.role === 'assistant' ? this.#names.char : undefined)
    if (own === undefined) return turn
    return { ...turn, name: speakerName(own) }
  }

  #warn(message: string): void {
    if (!this.#warnings.some((warning) => warning.message === message))
      this.#warnings.push({ type: 'other', message })
  }
}

function textOf(content: unknown): string {
  return plainText(content as string | readonly { readonly type: string }[], '\n')
}
