import { losesDigits, type JsonValue } from '../core/json.ts'
import {
  plainText,
  type AssistantMessage,
  type AssistantPart,
  type ServerToolPart,
  type ToolCall,
} from '../core/message.ts'
import type { ChatResponse, Choice, Citation } from '../core/response.ts'
import type { ModerationRun, WholeText } from './moderation-run.ts'
import type { Moderator } from './moderator.ts'

type SelectModerator = (moderator: Moderator) => boolean

/** Moderates a whole response by the moderators that `which` selects. Resolves to the redacted response, or to `undefined` if it is blocked. */
export async function reviewResponse(
  run: ModerationRun,
  response: ChatResponse,
  which: SelectModerator,
): Promise<ChatResponse | undefined> {
  const reviewer = new Reviewer(run, { which })
  const first = await reviewer.outcome(response)
  const choices: Choice[] = []
  for (const choice of response.choices ?? [])
    choices.push(
      choice.index === 0 ? { ...choice, ...first } : { ...choice, ...(await reviewer.outcome(choice)) },
    )
  const citations: Citation[] = []
  for (const citation of response.citations) citations.push(await reviewer.citation(citation))
  if (reviewer.blocked) return undefined
  const { logprobs, ...rest } = response
  const same = first.text === response.text
  return {
    ...rest,
    ...first,
    citations,
    ...(same && logprobs !== undefined ? { logprobs } : undefined),
    ...(response.choices === undefined ? undefined : { choices }),
  }
}

type Outcome = Pick<Choice, 'text' | 'reasoning' | 'toolCalls' | 'message'>

/** Moderates the parts of one response. `blocked` is set by the first text that a moderator blocks. */
export class Reviewer {
  readonly #run: ModerationRun
  readonly #how: Partial<WholeText>
  /** Index of the part that is moderated; absent for content that is one text. */
  #place: number | undefined
  blocked = false

  /** `how.path`, the path of the content, replaces the kinds of texts in issues. */
  constructor(run: ModerationRun, how: Partial<WholeText>) {
    this.#run = run
    this.#how = how
  }

  async outcome({ message }: Pick<Choice, 'message'>): Promise<Outcome> {
    const content = await this.content(message.content)
    const parts = typeof content === 'string' ? [] : content
    const reasoning = parts.filter((part) => part.type === 'reasoning').map(({ text }) => text)
    const toolCalls = parts
      .filter((part) => part.type === 'tool-call')
      .map(({ type: _type, origin: _origin, argumentsText: text, ...call }) =>
        text !== undefined && losesDigits(text) ? { ...call, argumentsText: text } : call,
      )
    return {
      text: plainText(content),
      reasoning: reasoning.join(''),
      toolCalls,
      message: { ...message, content },
    }
  }

  async citation(citation: Citation): Promise<Citation> {
    const kept: { -readonly [K in keyof Citation]: Citation[K] } = { ...citation }
    for (const field of ['url', 'title', 'text'] as const) {
      const text = citation[field]
      if (text !== undefined) kept[field] = await this.#text(text, 'citation')
    }
    return kept
  }

  /** Moderates the content of a message of the model. */
  async content(content: AssistantMessage['content']): Promise<AssistantMessage['content']> {
    if (typeof content === 'string') return this.#text(content, 'text')
    const parts: AssistantPart[] = []
    for (const [index, part] of content.entries()) {
      this.#place = index
      const kept = part.type === 'server-tool' ? await this.#step(part) : await this.#part(part)
      if (kept !== undefined) parts.push(kept)
    }
    return parts
  }

  // The provider takes a step back only as it wrote it.
  async #step(part: ServerToolPart): Promise<ServerToolPart | undefined> {
    if (part.arguments === undefined) return part
    const asked = JSON.stringify(await this.#value(part.arguments))
    return asked === JSON.stringify(part.arguments) ? part : undefined
  }

  // A changed text loses its signature and details, because they are only valid for the original.
  async #part(part: Exclude<AssistantPart, ServerToolPart>): Promise<AssistantPart> {
    if (part.type === 'tool-call') return this.#call(part)
    if (part.type === 'file') return part
    const text = await this.#text(part.text, part.type)
    if (text === part.text) return part
    if (part.type === 'text') {
      const { signature: _mark, ...rest } = part
      return { ...rest, text }
    }
    const { signature: _signature, details: _details, ...kept } = part
    return { ...kept, text }
  }

  async #call<C extends ToolCall>(call: C): Promise<C> {
    const { argumentsText: written } = call
    const checked = { ...call, arguments: await this.#value(call.arguments) }
    if (written !== undefined && (await this.#text(written, 'tool-arguments')) !== written)
      delete (checked as { argumentsText?: string }).argumentsText
    return checked
  }

  async #value(value: JsonValue): Promise<JsonValue> {
    if (typeof value === 'string') return this.#text(value, 'tool-arguments')
    if (typeof value === 'number') {
      const text = await this.#text(String(value), 'tool-arguments')
      return text === String(value) ? value : text
    }
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) {
      const items: JsonValue[] = []
      for (const item of value as readonly JsonValue[]) items.push(await this.#value(item))
      return items
    }
    const entries: [string, JsonValue][] = []
    for (const [key, item] of Object.entries(value))
      entries.push([await this.#text(key, 'tool-arguments'), await this.#value(item ?? null)])
    return Object.fromEntries(entries)
  }

  async #text(text: string, path: string): Promise<string> {
    if (this.blocked) return ''
    const { path: content } = this.#how
    const place = this.#place === undefined ? content : content && `${content}.${this.#place}`
    const moderated = await this.#run.whole(text, { ...this.#how, path: place ?? path })
    if (moderated === undefined) this.blocked = true
    return moderated ?? ''
  }
}
