import { argument, checkArguments } from '../core/check-arguments.ts'
import { plainText } from '../core/message.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import type { MessageInput } from '../core/request.ts'
import type { Warning } from '../core/response.ts'
import {
  anyObject,
  anyOf,
  callable,
  count,
  flag,
  listOf,
  oneOf,
  required,
  text,
  withMethods,
  type Group,
} from '../core/schema.ts'
import {
  createPromptLibrary,
  definePromptTemplate,
  type PromptLibrary,
  type PromptTemplate,
} from '../templates/index.ts'
import { completePersona, defaultPersona, personaName, type Persona, type PersonaInput } from './persona.ts'
import { cardFieldsOf } from './persona-card.ts'
import {
  composePersona,
  loreSchema,
  warnOnce,
  type LoreOptions,
  type PlacedMessage,
} from './persona-parts.ts'
import { fillMessages, mapText, type PlaceholderNames } from './placeholders.ts'
import { speakerName } from './speaker-name.ts'
import { templateData } from './template-data.ts'

/** Input of {@link PromptComposer.compose}. */
export interface PromptInput {
  /** The conversation, newest message last. Messages of the roles `system` and `developer` are instructions. */
  readonly messages: readonly MessageInput[]
  /** Instructions of the request. They take precedence over system messages. */
  readonly system?: string | undefined
  /** Persona of the model; only its name is required. Default `defaultPersona`. */
  readonly persona?: PersonaInput | undefined
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
  /**
   * Whether the messages end with the persona's post-history instructions. Default true. A text is used if the persona
   * has none, and replaces `{{original}}` in them.
   */
  readonly postHistory?: boolean | string | undefined
  /** Whether entries of lore books join the prompt when their keys are said; or how. Default true. */
  readonly lore?: boolean | LoreOptions | undefined
  /** Seed of `{{pick}}`, such as the id of the conversation. Default: empty. */
  readonly seed?: string | undefined
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

/** The same in parts, for hosts that fit the history into a window. */
export interface ComposedParts {
  readonly system: string | undefined
  /** Example dialogue and greeting, before the history. */
  readonly opening: readonly MessageInput[]
  /** The given messages without instructions, each changed at its index. */
  readonly history: readonly MessageInput[]
  /** Messages between those of the history. */
  readonly placed: readonly PlacedMessage[]
  /** Instructions after the newest message. */
  readonly closing: readonly MessageInput[]
  readonly warnings: readonly Warning[]
}

/** Composes the instructions and messages of a request. */
export interface PromptComposer {
  /**
   * Composes instructions and messages. The instructions are the first of these that is not blank: the request's own
   * (`system`, else its first system message), or the result of the template for them; `contextPrompt`; those of the
   * persona. If the persona's system prompt has `{{original}}`, it is used, with the other ones at that place. An unknown
   * template leaves texts unchanged, with a warning. Rejects with `misconfigured` if a field is unknown or invalid.
   */
  compose(input: PromptInput): Promise<ComposedPrompt & { readonly warnings: readonly Warning[] }>
  /** Does the same, and returns the parts. */
  composeParts(input: PromptInput): Promise<ComposedParts>
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

/** The schema of {@link PromptInput}. The fields of persona and template are checked where they are used. */
export const promptInputSchema: Group = optionsSchema<PromptInput>()(() => ({
  messages: required(listOf(anyObject)),
  system: text,
  persona: anyObject,
  template: anyOf(text, anyObject),
  data: anyObject,
  contextPrompt: text,
  user: text,
  randomUsers: listOf(text),
  random: callable,
  seed: text,
  greeting: anyOf(flag, count),
  examples: flag,
  postHistory: anyOf(flag, text),
  lore: anyOf(flag, loreSchema),
  nameTurns: flag,
  systemTurns: oneOf('first', 'join'),
}))

/** Creates a prompt composer. Throws `misconfigured` if an option is unknown or invalid. */
export function createPromptComposer(options: PromptComposerOptions = {}): PromptComposer {
  checkOptions('createPromptComposer', promptComposerSchema, options)
  const library = options.library ?? createPromptLibrary()
  const composeParts = async (input: PromptInput): Promise<ComposedParts> => {
    checkOptions('compose', promptInputSchema, input ?? null)
    return new Composition(library, input).compose()
  }
  return {
    composeParts,
    compose: async (input) => {
      const { system, opening, history, placed, closing, warnings } = await composeParts(input)
      return { system, messages: [...opening, ...insertPlaced(history, placed), ...closing], warnings }
    },
  }
}

class Composition {
  readonly #library: PromptLibrary
  readonly #input: PromptInput
  readonly #persona: Persona
  readonly #names: PlaceholderNames & { readonly char: string; readonly user: string }
  readonly #warnings: Warning[] = []

  constructor(library: PromptLibrary, input: PromptInput) {
    const { persona = defaultPersona, user = '', randomUsers, random, seed } = input
    this.#library = library
    this.#input = input
    this.#persona = completePersona('compose', persona)
    const char = personaName(this.#persona)
    this.#names = { char, user: user.trim() === '' ? 'User' : user, randomUsers, random, seed }
    for (const [name, ours] of cardFieldsOf(persona))
      this.#warn(
        `The persona's field ${name} was not used: name it ${ours}, or read the card by readPersonaCard.`,
      )
  }

  async compose(): Promise<ComposedParts> {
    const {
      messages,
      contextPrompt = '',
      template: given,
      greeting,
      examples,
      postHistory,
      lore,
    } = this.#input
    const template = typeof given === 'object' ? definePromptTemplate(given) : given
    const history = messages.filter(({ role }) => role !== 'system' && role !== 'developer')
    const original = this.#originalSystem()
    const data = this.#data(original)
    const first = await this.#system(original, data, template)
    const shaped: MessageInput[] = []
    for (const message of history) shaped.push(await this.#shape(message, data, template))
    const parts = await composePersona({
      persona: this.#persona,
      host: [first, contextPrompt].find((part) => part.trim() !== '') ?? '',
      history,
      names: this.#names,
      greeting,
      examples,
      postHistory,
      lore,
      warn: (message) => this.#warn(message),
    })
    const named = (all: readonly MessageInput[]): MessageInput[] => all.map((message) => this.#named(message))
    return {
      system: parts.system === '' ? undefined : parts.system,
      opening: named(parts.opening),
      history: named(fillMessages(shaped, this.#names)),
      placed: parts.placed,
      closing: parts.closing,
      warnings: this.#warnings,
    }
  }

  #originalSystem(): string {
    const { system = '', messages, systemTurns = 'first' } = this.#input
    const systemMessages = messages.filter(({ role }) => role === 'system' || role === 'developer')
    const texts = [system, ...systemMessages.map(({ content }) => textOf(content))].filter(
      (part) => part.trim() !== '',
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

  /** Returns the instructions of the request, or what the template makes of them. */
  async #system(
    original: string,
    data: Record<string, unknown>,
    template: string | PromptTemplate | undefined,
  ): Promise<string> {
    const found = typeof template === 'string' ? await this.#library.get(template) : template
    // An unknown name goes to the library too, which returns the text with a warning.
    const applied = found === null ? template : found?.system === undefined ? undefined : found
    return applied === undefined ? original : this.#apply(applied, 'system', { text: original, data })
  }

  // Applies the template to each text part; other parts stay unchanged.
  async #shape(
    message: MessageInput,
    data: Record<string, unknown>,
    template: string | PromptTemplate | undefined,
  ): Promise<MessageInput> {
    if (template === undefined || (message.role !== 'user' && message.role !== 'assistant')) return message
    const texts: string[] = []
    mapText(message, (part) => {
      texts.push(part)
      return part
    })
    const results: string[] = []
    for (const part of texts) results.push(await this.#apply(template, message.role, { text: part, data }))
    return mapText(message, () => results.shift() ?? '')
  }

  async #apply(
    template: string | PromptTemplate,
    part: 'system' | 'user' | 'assistant',
    { text: source, data }: { text: string; data: Record<string, unknown> },
  ): Promise<string> {
    const { text: result, warnings } = await this.#library.apply(template, part, source, data)
    for (const { message } of warnings) this.#warn(message)
    return result
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
    warnOnce(this.#warnings, message)
  }
}

/** Inserts messages at their depths, but never between a tool call and its results. */
export function insertPlaced<M extends { readonly role: string }>(
  history: readonly M[],
  placed: readonly { readonly depth: number; readonly message: M }[],
): M[] {
  checkArguments('insertPlaced', { history: argument.objects, placed: argument.objects }, { history, placed })
  const before = new Map<number, M[]>()
  for (const { depth, message } of placed) {
    let at = Math.max(0, history.length - depth)
    while (at > 0 && history[at]?.role === 'tool') at--
    before.set(at, [...(before.get(at) ?? []), message])
  }
  return history.flatMap((message, at) => [...(before.get(at) ?? []), message])
}

function textOf(content: unknown): string {
  return plainText(content as string | readonly { readonly type: string }[], '\n')
}
