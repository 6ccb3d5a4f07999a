import { plainText } from '../core/message.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import type { MessageInput } from '../core/request.ts'
import type { Warning } from '../core/response.ts'
import { withMethods, type Group } from '../core/schema.ts'
import { createPromptLibrary, type PromptLibrary, type PromptTemplate } from '../templates/index.ts'
import { parseExampleDialogue } from './example-dialogue.ts'
import { defaultPersona, greetingOf, personaPrompt, type Persona } from './persona.ts'
import { fillMessages, fillPlaceholders, mapText, type PlaceholderNames } from './placeholders.ts'
import { speakerName } from './speaker-name.ts'
import { templateData } from './template-data.ts'

/** Input of {@link PromptComposer.compose}. */
export interface PromptInput {
  /** The conversation, newest message last. Messages of the roles `system` and `developer` are instructions. */
  readonly messages: readonly MessageInput[]
  /** Instructions of the request. They take precedence over system messages. */
  readonly system?: string | undefined
  /** Persona of the model. Default `defaultPersona`. */
  readonly persona?: Persona | undefined
  /** A prompt template or its name. Default: none, so texts stay unchanged. */
  readonly template?: string | PromptTemplate | undefined
  /** Further data of templates. Overrides fields of the persona, but not the names and texts of the chat. */
  readonly data?: Readonly<Record<string, unknown>> | undefined
  /** Instructions of a context, such as a community. Used if the request has none; they precede those of the persona. */
  readonly contextPrompt?: string | undefined
  /** Name of the user. Default `User`. */
  readonly user?: string | undefined
  /** Names that each `{{random_user}}` is drawn from. Default: the name of the user. */
  readonly randomUsers?: PlaceholderNames['randomUsers']
  /** Random source of the draws. Default `Math.random`. */
  readonly random?: PlaceholderNames['random']
  /**
   * Whether the messages begin with the persona's greeting if there is no assistant message yet. A number selects an
   * alternate greeting. Default false.
   */
  readonly greeting?: boolean | number | undefined
  /** Whether the messages begin with the persona's example dialogue. Default false. */
  readonly examples?: boolean | undefined
  /** Whether the messages end with the persona's post-history instructions. Default true. */
  readonly postHistory?: boolean | undefined
  /** Whether assistant messages carry the persona's name. Some providers refuse names. Default false. */
  readonly nameTurns?: boolean | undefined
  /** How several system messages are used: `first` uses the first and warns, `join` joins all. Default `first`. */
  readonly systemTurns?: 'first' | 'join' | undefined
}

/** Instructions and messages. Spread it into a request. */
export interface ComposedPrompt {
  readonly system: string | undefined
  readonly messages: MessageInput[]
}

/** Composes the instructions and messages of a request. */
export interface PromptComposer {
  /**
   * Composes instructions and messages. The instructions are the first of these that is not blank: the request's own
   * (`system`, else its first system message), or the result of the template for them; `contextPrompt`; those of the
   * persona. An unknown template leaves texts unchanged, with a warning.
   */
  compose(input: PromptInput): Promise<ComposedPrompt & { readonly warnings: readonly Warning[] }>
}

/** Options of {@link createPromptComposer}. */
export interface PromptComposerOptions {
  /** The prompt templates. Default: the bundled ones. */
  readonly library?: PromptLibrary | undefined
}

/** The schema of {@link PromptComposerOptions}. */
export const promptComposerSchema: Group = optionsSchema<PromptComposerOptions>()(() => ({
  library: withMethods('get', 'list', 'apply', 'check'),
}))

/** Creates a prompt composer. Throws `misconfigured` if an option is unknown or invalid. */
export function createPromptComposer(options: PromptComposerOptions = {}): PromptComposer {
  checkOptions('createPromptComposer', promptComposerSchema, options)
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
    const history = messages.filter(({ role }) => role !== 'system' && role !== 'developer')
    const original = this.#originalSystem()
    const data = this.#data(original)
    const system = await this.#system(original, data)
    const shaped: MessageInput[] = []
    for (const message of history) shaped.push(await this.#shape(message, data))
    const filled = [...this.#opening(history), ...fillMessages(shaped, this.#names), ...this.#closing()]
    return {
      system: system === '' ? undefined : system,
      messages: filled.map((message) => this.#named(message)),
      warnings: this.#warnings,
    }
  }

  #originalSystem(): string {
    const { system = '', messages, systemTurns = 'first' } = this.#input
    const systemMessages = messages.filter(({ role }) => role === 'system' || role === 'developer')
    const texts = [system, ...systemMessages.map(({ content }) => textOf(content))].filter(
      (text) => text.trim() !== '',
    )
    if (systemTurns === 'join') return texts.join('\n\n')
    if (texts.length > 1)
      this.#warn(`Only the first of ${texts.length} system messages was used; systemTurns: 'join' uses all.`)
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
    const found = typeof template === 'string' ? await this.#library.get(template) : template
    // An unknown name goes to the library too, which returns the text with a warning.
    const applied = found === null ? template : found?.system === undefined ? undefined : found
    const first =
      applied === undefined ? original : await this.#apply(applied, 'system', { text: original, data })
    const chosen =
      [first, contextPrompt, personaPrompt(this.#persona)].find((text) => text.trim() !== '') ?? ''
    return fillPlaceholders(chosen, this.#names)
  }

  // Applies the template to each text part; other parts stay unchanged.
  async #shape(message: MessageInput, data: Record<string, unknown>): Promise<MessageInput> {
    const { template } = this.#input
    if (template === undefined || (message.role !== 'user' && message.role !== 'assistant')) return message
    const texts: string[] = []
    mapText(message, (text) => {
      texts.push(text)
      return text
    })
    const results: string[] = []
    for (const text of texts) results.push(await this.#apply(template, message.role, { text, data }))
    return mapText(message, () => results.shift() ?? '')
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

  #opening(history: readonly MessageInput[]): MessageInput[] {
    const { examples = false, greeting = false } = this.#input
    const opening = examples ? parseExampleDialogue(this.#persona.exampleDialogue, this.#names).flat() : []
    if (greeting === false || history.some(({ role }) => role === 'assistant')) return opening
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

  #named(message: MessageInput): MessageInput {
    if (message.role !== 'user' && message.role !== 'assistant') return message
    const own =
      message.name ??
      (this.#input.nameTurns === true && message.role === 'assistant' ? this.#names.char : undefined)
    if (own === undefined) return message
    return { ...message, name: speakerName(own) }
  }

  #warn(message: string): void {
    if (!this.#warnings.some((warning) => warning.message === message))
      this.#warnings.push({ type: 'other', message })
  }
}

function textOf(content: unknown): string {
  return plainText(content as string | readonly { readonly type: string }[], '\n')
}
