import { isContent, isStep, type StreamEvent, type EventBatch, type ToolCallEvent } from './event.ts'
import { listOf, losesDigits } from './json.ts'
import {
  argumentsText,
  readArguments,
  type AssistantMessage,
  type AssistantPart,
  type ToolCall,
  type ToolCallPart,
} from './message.ts'
import type {
  Attempt,
  ChatResponse,
  Choice,
  Citation,
  FinishReason,
  GeneratedFile,
  TokenLogprob,
  Usage,
  Warning,
} from './response.ts'

/** A writable copy of a readonly type. */
type Draft<T> = { -readonly [K in keyof T]: T[K] }
type OpenPart = Draft<AssistantPart> & {
  text?: string
  origin?: string
}
/** Fields that tell text of one message from that of another. */
const OF_MESSAGE = ['signature', 'phase', 'id'] as const
type TextLike = Extract<StreamEvent, { type: 'text-delta' | 'reasoning-delta' }>

// An engine stores a text that grows piece by piece as a chain many times its size, so pieces are joined in groups.
const MAX_PIECES = 64

class ChoiceAccumulator {
  readonly toolCalls: ToolCall[] = []
  readonly logprobs: TokenLogprob[] = []
  readonly #parts: OpenPart[] = []
  #open: OpenPart | undefined
  // The end of the open part's text.
  #pieces: string[] = []
  /** Arguments of the tool calls as the model wrote them, by id. */
  readonly #written = new Map<string, string>()

  addText(event: TextLike, origin: string): void {
    const type = event.type === 'text-delta' ? 'text' : 'reasoning'
    if (this.#open === undefined || this.#open.type !== type || this.#isNext(this.#open, event)) {
      this.#settle()
      this.#open = type === 'text' ? { type, text: '' } : { type, text: '', origin }
      this.#parts.push(this.#open)
    }
    this.#pieces.push(event.text)
    if (this.#pieces.length >= MAX_PIECES) this.#settle()
    if (event.type === 'reasoning-delta' || OF_MESSAGE.some((field) => event[field] !== undefined))
      assignVendorFields(this.#open, event)
    if (event.type === 'text-delta' && event.logprobs !== undefined) this.logprobs.push(...event.logprobs)
  }

  addPart(part: AssistantPart): void {
    this.#settle()
    this.#open = undefined
    this.#parts.push(part)
  }

  addArguments(id: string, delta: string): void {
    this.#written.set(id, (this.#written.get(id) ?? '') + delta)
  }

  addCall(call: ToolCall, origin: string): void {
    this.toolCalls.push(call)
    const { argumentsText: written } =
      call.invalid === undefined ? readArguments(this.#written.get(call.id) ?? '') : call
    this.addPart({
      type: 'tool-call',
      ...call,
      ...(written === undefined ? undefined : { argumentsText: written }),
      ...(call.details === undefined ? undefined : { origin }),
    })
  }

  textOf(type: 'text' | 'reasoning'): string {
    this.#settle()
    let text = ''
    for (const part of this.#parts) if (part.type === type) text += part.text
    return text
  }

  /** The arguments of all tool calls as text, with those of calls that are not complete but for those in `ended`. */
  argumentsText(ended: ReadonlySet<string>): string {
    const done = new Set([...this.toolCalls.map(({ id }) => id), ...ended])
    const complete = this.toolCalls.map((call) => JSON.stringify(call.arguments))
    const open = [...this.#written].filter(([id]) => !done.has(id)).map(([, text]) => text)
    return [...complete, ...open].join('')
  }

  message(): AssistantMessage {
    this.#settle()
    const isMarked = (part: OpenPart): boolean => OF_MESSAGE.some((field) => field in part)
    const parts = this.#parts.filter((part) => part.text !== '' || part.type !== 'text' || isMarked(part))
    const plain = parts.every((part) => part.type === 'text' && !isMarked(part))
    if (plain) return { role: 'assistant', content: this.textOf('text') }
    return { role: 'assistant', content: parts.map((part) => ({ ...part })) }
  }

  #isNext(open: OpenPart, event: TextLike): boolean {
    // A phase without text is that of the text so far.
    if (event.type === 'text-delta')
      return event.id !== undefined || (event.phase !== undefined && event.text !== '')
    if (event.encrypted !== undefined) this.#settle()
    return opensPart(open, event)
  }

  #settle(): void {
    if (this.#open === undefined || this.#pieces.length === 0) return
    this.#open.text += this.#pieces.length === 1 ? (this.#pieces[0] as string) : this.#pieces.join('')
    this.#pieces = []
  }
}

// A reasoning part that is signed, encrypted or has another id is complete: the event starts the next part.
function opensPart(open: OpenPart, event: Extract<TextLike, { type: 'reasoning-delta' }>): boolean {
  const held = open as { signature?: string; encrypted?: string; id?: string }
  if (event.id !== undefined && held.id !== undefined && held.id !== event.id) return true
  if (event.encrypted !== undefined)
    return held.encrypted !== undefined || (open.text !== '' && event.id === undefined)
  return (
    (event.text !== '' || event.signature !== undefined) &&
    (held.signature !== undefined || (held.encrypted !== undefined && held.id === undefined))
  )
}

function assignVendorFields(part: OpenPart, event: TextLike): void {
  const {
    signature,
    encrypted,
    id,
    details,
    phase,
  }: { signature?: unknown; encrypted?: unknown; id?: unknown; details?: unknown; phase?: unknown } = event
  const held = part as { [key: string]: unknown }
  if (phase !== undefined) held['phase'] = phase
  if (signature !== undefined) held['signature'] = signature
  if (encrypted !== undefined) held['encrypted'] = encrypted
  if (id !== undefined && id !== '') held['id'] = id
  if (details === undefined) return
  held['details'] =
    Array.isArray(held['details']) && Array.isArray(details)
      ? [...listOf(held['details']), ...listOf(details)]
      : details
}

/** Facts about a response that are not in its events. */
interface Known {
  readonly usage?: (() => Usage) | undefined
  readonly requestId?: string | undefined
  readonly attempts?: readonly Attempt[] | undefined
}
const NO_USAGE: Usage = Object.freeze({ inputTokens: 0, outputTokens: 0, totalTokens: 0, estimated: true })

/** Folds the events of a stream into its response. */
export class ResponseAccumulator {
  readonly #start: { provider: string; model: string; id?: string | undefined }
  readonly #origin: string
  readonly #choices: ChoiceAccumulator[] = [new ChoiceAccumulator()]
  readonly #citations: Citation[] = []
  readonly #files: GeneratedFile[] = []
  readonly #warnings: Warning[] = []
  #finish: Extract<StreamEvent, { type: 'finish' }> | undefined
  #usage: Usage | undefined
  /** Number of content events so far. */
  contents = 0
  /** Number of steps so far of tools that the provider runs. */
  steps = 0

  /** `origin` marks reasoning whose vendor fields only the same vendor and wire format accept. */
  constructor(start: { provider: string; model: string }, origin: string) {
    this.#start = start
    this.#origin = origin
  }

  add(batch: EventBatch): void {
    for (const event of batch) {
      if (isContent(event)) this.contents++
      else if (isStep(event)) this.steps++
      this.#take(event)
    }
  }

  /** The response so far. Without a `finish` event its usage is the last one reported, or the result of `usage`. */
  response({ usage, requestId, attempts = [] }: Known = {}): ChatResponse {
    const finish = this.#finish
    const [first] = this.#choices as [ChoiceAccumulator, ...ChoiceAccumulator[]]
    const { provider, model, id } = this.#start
    const { text, reasoning, toolCalls, finishReason, rawFinishReason, message } = this.#outcome(first, 0)
    const response: Draft<ChatResponse> = {
      provider,
      model,
      text,
      reasoning,
      toolCalls,
      finishReason,
      rawFinishReason,
      message,
      citations: [...this.#citations],
      files: [...this.#files],
      usage: finish?.usage ?? this.#usage ?? usage?.() ?? NO_USAGE,
      warnings: [...this.#warnings],
      attempts,
    }
    if (id !== undefined) response.id = id
    if (requestId !== undefined) response.requestId = requestId
    if (first.logprobs.length > 0) response.logprobs = first.logprobs
    if (this.#choices.length > 1) response.choices = this.#allChoices()
    return response
  }

  /**
   * All that the model wrote so far, in every choice: text, reasoning and arguments of tool calls. `ended` lists calls whose
   * arguments the reader of the output adds itself, because their last event was not added yet.
   */
  output(ended: ReadonlySet<string> = new Set()): {
    readonly text: string
    readonly reasoning: string
    readonly calls: string
  } {
    const join = (read: (choice: ChoiceAccumulator) => string): string => this.#choices.map(read).join('')
    return {
      text: join((choice) => choice.textOf('text')),
      reasoning: join((choice) => choice.textOf('reasoning')),
      calls: join((choice) => choice.argumentsText(ended)),
    }
  }

  #allChoices(): Choice[] {
    return this.#choices.map((choice, index) => ({ index, ...this.#outcome(choice, index) }))
  }

  #outcome(choice: ChoiceAccumulator, index: number): Omit<Choice, 'index'> {
    const ending = this.#finish?.choices?.[index] ?? (index === 0 ? this.#finish : undefined)
    const finishReason: FinishReason = ending?.finishReason ?? 'other'
    const text = choice.textOf('text')
    const reasoning = choice.textOf('reasoning')
    const { toolCalls, message } = { toolCalls: [...choice.toolCalls], message: choice.message() }
    return {
      text,
      reasoning,
      toolCalls,
      finishReason,
      rawFinishReason: ending?.rawFinishReason,
      message,
    }
  }

  #choiceOf(choice: number | undefined): ChoiceAccumulator {
    const index = choice ?? 0
    while (this.#choices.length <= index) this.#choices.push(new ChoiceAccumulator())
    return this.#choices[index] as ChoiceAccumulator
  }

  #take(event: StreamEvent): void {
    switch (event.type) {
      case 'text-delta':
      case 'reasoning-delta':
        return this.#choiceOf(event.choice).addText(event, this.#origin)
      case 'tool-call': {
        const { type: _type, choice, ...call } = event
        return this.#choiceOf(choice).addCall(call, this.#origin)
      }
      case 'tool-call-delta':
        return this.#choiceOf(event.choice).addArguments(event.id, event.delta)
      case 'server-tool-call':
      case 'server-tool-result':
        return this.#addStep(event)
      case 'start':
        this.#start.model = event.model
        if (event.id !== undefined) this.#start.id = event.id
        return
      case 'citation': {
        const { type: _type, choice: _choice, ...citation } = event
        this.#citations.push(citation)
        return
      }
      case 'file':
        return this.#addFile(event)
      case 'warning':
        this.#warnings.push(event.warning)
        return
      case 'usage':
        this.#usage = event.usage
        return
      case 'finish':
        this.#finish = event
        return
      default:
        return
    }
  }

  #addStep(event: Extract<StreamEvent, { type: 'server-tool-call' | 'server-tool-result' }>): void {
    const isCall = event.type === 'server-tool-call'
    const block = isCall ? event.block : event.result
    if (block === undefined) return
    const { id, name } = event
    const asked = isCall ? { arguments: event.arguments } : undefined
    this.#choiceOf(event.choice).addPart({
      type: 'server-tool',
      id,
      name,
      ...asked,
      block,
      origin: this.#origin,
    })
  }

  #addFile({ mediaType, data, url, signature, choice }: Extract<StreamEvent, { type: 'file' }>): void {
    const file: GeneratedFile = {
      mediaType,
      ...(data === undefined ? undefined : { data }),
      ...(url === undefined ? undefined : { url }),
      ...(signature === undefined ? undefined : { signature }),
    }
    this.#files.push(file)
    this.#choiceOf(choice).addPart({ type: 'file', ...file })
  }
}

/** The response that the events of a stream make. */
export function collectResponse(
  events: Iterable<StreamEvent>,
  from: { provider: string; model: string },
): ChatResponse {
  const accumulator = new ResponseAccumulator({ ...from }, '')
  accumulator.add([...events])
  return accumulator.response()
}

/** The events of a response; {@link collectResponse} makes the same response of them. */
export function responseToEvents(response: ChatResponse): StreamEvent[] {
  const { provider, model, id, usage, finishReason, rawFinishReason } = response
  const events: StreamEvent[] = [
    { type: 'start', provider, model, ...(id === undefined ? undefined : { id }) },
  ]
  for (const warning of response.warnings) events.push({ type: 'warning', warning })
  const choices = response.choices ?? [{ index: 0, message: response.message }]
  for (const { index, message } of choices) {
    const choice = response.choices === undefined ? undefined : { choice: index }
    const parts: readonly AssistantPart[] =
      typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content
    for (const part of parts) replayPart(part, choice, events)
  }
  for (const citation of response.citations) events.push({ type: 'citation', ...citation })
  events.push({ type: 'usage', usage })
  const endings = response.choices?.map((ending) => ({
    finishReason: ending.finishReason,
    rawFinishReason: ending.rawFinishReason,
  }))
  events.push({ type: 'finish', finishReason, rawFinishReason, usage, ...(endings && { choices: endings }) })
  return events
}

// The text of the arguments is in the deltas; in the call only if it is more exact.
function callOf({ origin: _origin, argumentsText: text, ...call }: ToolCallPart): ToolCallEvent {
  return text !== undefined && losesDigits(text) ? { ...call, argumentsText: text } : call
}

function replayPart(
  part: AssistantPart,
  choice: { choice: number } | undefined,
  events: StreamEvent[],
): void {
  switch (part.type) {
    case 'text':
      if (part.text !== '') events.push({ ...part, type: 'text-delta', ...choice })
      return
    case 'reasoning': {
      const { origin: _origin, ...rest } = part
      events.push({ ...rest, type: 'reasoning-delta', ...choice })
      return
    }
    case 'tool-call':
      events.push({ type: 'tool-call-start', id: part.id, name: part.name, ...choice })
      events.push({
        type: 'tool-call-delta',
        id: part.id,
        delta: argumentsText(part),
        ...choice,
      })
      events.push({ ...callOf(part), ...choice })
      return
    case 'server-tool': {
      const { id, name, arguments: asked, block } = part
      if (asked === undefined) events.push({ type: 'server-tool-result', id, name, result: block, ...choice })
      else events.push({ type: 'server-tool-call', id, name, arguments: asked, block, ...choice })
      return
    }
    case 'file':
      events.push({
        type: 'file',
        mediaType: part.mediaType ?? '',
        data: part.data as string | undefined,
        url: part.url,
        ...(part.signature === undefined ? undefined : { signature: part.signature }),
        ...choice,
      })
  }
}
