import { ChoiceAccumulator, type Draft } from './accumulate-choice.ts'
import { isContent, isStep, type StreamEvent, type EventBatch } from './event.ts'
import type {
  Attempt,
  ChatResponse,
  Choice,
  Citation,
  FinishReason,
  GeneratedFile,
  Usage,
  Warning,
} from './response.ts'

/** Facts about a response that are not in its events. */
interface Known {
  readonly usage?: (() => Usage) | undefined
  readonly requestId?: string | undefined
  readonly providerRequestId?: string | undefined
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
  response({ usage, requestId, providerRequestId, attempts = [] }: Known = {}): ChatResponse {
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
    if (providerRequestId !== undefined) response.providerRequestId = providerRequestId
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
        this.#start.provider = event.provider
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
