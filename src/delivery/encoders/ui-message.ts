import type { EventBatch, StreamEvent } from '../../core/event.ts'
import { newId } from '../../core/create-id.ts'
import type { JsonObject } from '../../core/json.ts'
import { urlOf } from '../../core/message.ts'
import type { FinishReason, Usage } from '../../core/response.ts'
import type { Encoder, StreamEnd } from './encoder.ts'
import { endsService, publicError } from './error-body.ts'
import type { EncoderOptions } from './options.ts'
import { dataFrame, DONE_FRAME, HEARTBEAT, lineJson, SSE_TYPE } from './sse.ts'

/**
 * The UI message stream (version 1) of the AI SDK, as `useChat` of its versions 5 to 7 reads it: text and reasoning in
 * blocks, tool calls with their results, sources, files, steps. Usage, model and conversation are in the message's
 * metadata. Warnings and continuations are transient `data-` parts. Answers beyond the first have no place here.
 */
export function uiMessageEncoder(options: EncoderOptions): Encoder {
  return new MessageParts(options)
}

const HEADERS = { 'x-vercel-ai-ui-message-stream': 'v1' } as const

type Blocks = 'text' | 'reasoning'

class MessageParts implements Encoder {
  readonly contentType = SSE_TYPE
  readonly heartbeat = HEARTBEAT
  readonly headers: Readonly<Record<string, string>> = HEADERS
  readonly #options: EncoderOptions
  readonly #tools = new Set<string>()
  #begun = false
  #inStep = false
  #finishReason: FinishReason = 'other'
  #block: Blocks | undefined
  #blockCount = 0
  #deltaHead = ''
  #sources = 0
  #usage: Usage | undefined
  #model: string | undefined
  /** What the vendor wants back with the open thought. */
  #marks: JsonObject | undefined

  constructor(options: EncoderOptions) {
    this.#options = options
  }

  open(): string {
    return ''
  }

  encode(batch: EventBatch): string {
    let frames = ''
    for (const event of batch)
      if (((event as { choice?: number }).choice ?? 0) === 0) frames += this.#frame(event)
    return frames
  }

  close(ending: StreamEnd): string {
    if (ending.type === 'done') return this.#finish() + DONE_FRAME
    const { error } = ending
    const usage = error.partial?.usage ?? this.#usage
    const told =
      usage === undefined ? '' : dataFrame({ type: 'message-metadata', messageMetadata: { usage } })
    const last =
      error.kind === 'aborted' && !endsService(error)
        ? { type: 'abort' }
        : { type: 'error', errorText: publicError(error).message }
    return this.#begin() + this.#endBlock() + told + dataFrame(last) + DONE_FRAME
  }

  #frame(event: StreamEvent): string {
    switch (event.type) {
      case 'start':
        this.#model = event.model
        return this.#begin()
      case 'text-delta':
        return event.text === '' ? '' : this.#piece('text', event.text)
      case 'reasoning-delta':
        return this.#reasoning(event)
      case 'tool-call-start':
        this.#tools.add(event.id)
        return this.#part({ type: 'tool-input-start', toolCallId: event.id, toolName: event.name })
      case 'tool-call-delta':
        // A reader refuses a piece of a call that it never saw.
        if (event.delta === '' || !this.#tools.has(event.id)) return ''
        return this.#part({ type: 'tool-input-delta', toolCallId: event.id, inputTextDelta: event.delta })
      case 'tool-call':
        return this.#call(event)
      case 'tool-result':
        return (
          this.#knowTool(event) +
          this.#part({ type: 'tool-output-available', toolCallId: event.id, output: event.result })
        )
      case 'tool-error':
        return (
          this.#knowTool(event) +
          this.#part({ type: 'tool-output-error', toolCallId: event.id, errorText: event.message })
        )
      case 'citation':
        return this.#aside(this.#source(event))
      case 'file':
        return this.#part({ type: 'file', url: urlOf(event), mediaType: event.mediaType })
      case 'usage':
        this.#usage = event.usage
        return ''
      case 'warning':
        return this.#aside({ type: 'data-warning', data: event.warning, transient: true })
      case 'continued':
        return this.#aside({ type: 'data-continued', data: { offset: event.offset }, transient: true })
      case 'step':
        return this.#endStep()
      case 'finish':
        this.#usage = event.usage
        this.#finishReason = event.finishReason
        return this.#endStep()
    }
  }

  #begin(): string {
    if (this.#begun) return ''
    this.#begun = true
    const { id, model = this.#model, conversationId } = this.#options
    return dataFrame({
      type: 'start',
      messageId: id ?? newId('msg'),
      messageMetadata: { model, conversationId },
    })
  }

  #startStep(): string {
    if (this.#inStep) return ''
    this.#inStep = true
    return `${this.#begin()}data: {"type":"start-step"}\n\n`
  }

  #endStep(): string {
    if (!this.#inStep) return ''
    const closing = this.#endBlock()
    this.#inStep = false
    return `${closing}data: {"type":"finish-step"}\n\n`
  }

  #part(part: { readonly type: string; readonly [key: string]: unknown }): string {
    return this.#startStep() + this.#endBlock() + dataFrame(part)
  }

  /** A part that does not end the text around it. */
  #aside(part: { readonly type: string; readonly [key: string]: unknown }): string {
    return this.#startStep() + dataFrame(part)
  }

  #piece(type: Blocks, text: string): string {
    const opened = this.#block === type ? '' : this.#startBlock(type)
    return `${opened}${this.#deltaHead}${lineJson(text)}}\n\n`
  }

  #startBlock(type: Blocks): string {
    const before = this.#startStep() + this.#endBlock()
    this.#block = type
    const id = `${type}-${this.#blockCount++}`
    this.#deltaHead = `data: {"type":"${type}-delta","id":"${id}","delta":`
    return `${before}data: {"type":"${type}-start","id":"${id}"}\n\n`
  }

  #endBlock(): string {
    const type = this.#block
    if (type === undefined) return ''
    this.#block = undefined
    const providerMetadata = this.#marks === undefined ? undefined : { switchyard: this.#marks }
    this.#marks = undefined
    return dataFrame({ type: `${type}-end`, id: `${type}-${this.#blockCount - 1}`, providerMetadata })
  }

  #reasoning(event: Extract<StreamEvent, { type: 'reasoning-delta' }>): string {
    const { text, signature, encrypted, id, details } = event
    let frames = ''
    // A thought with another id is another thought.
    if (this.#block === 'reasoning' && id !== undefined && (this.#marks?.['id'] ?? id) !== id)
      frames += this.#endBlock()
    const marks = Object.entries({ signature, encrypted, id, details }).filter(
      ([, value]) => value !== undefined,
    )
    if (text !== '') frames += this.#piece('reasoning', text)
    else if (this.#block !== 'reasoning' && marks.length > 0) frames += this.#startBlock('reasoning')
    if (marks.length > 0) this.#marks = { ...this.#marks, ...Object.fromEntries(marks) }
    return frames
  }

  #call(event: Extract<StreamEvent, { type: 'tool-call' }>): string {
    const { id: toolCallId, name: toolName, arguments: input, invalid } = event
    this.#tools.add(toolCallId)
    const call = { toolCallId, toolName, input }
    return invalid === undefined
      ? this.#part({ type: 'tool-input-available', ...call })
      : this.#part({ type: 'tool-input-error', ...call, errorText: invalid })
  }

  // A reader refuses the result of a call that it never saw.
  #knowTool({ id, name }: { id: string; name: string }): string {
    if (this.#tools.has(id)) return ''
    this.#tools.add(id)
    return this.#part({ type: 'tool-input-available', toolCallId: id, toolName: name, input: {} })
  }

  #source(event: Extract<StreamEvent, { type: 'citation' }>): { type: string; [key: string]: unknown } {
    const { url, title, text } = event
    const sourceId = `source-${this.#sources++}`
    if (url !== undefined) return { type: 'source-url', sourceId, url, title }
    return { type: 'source-document', sourceId, mediaType: 'text/plain', title: title ?? text ?? '' }
  }

  #finish(): string {
    const finishReason = this.#finishReason
    const usage = this.#usage
    const messageMetadata = usage === undefined ? undefined : { usage }
    return this.#begin() + this.#endStep() + dataFrame({ type: 'finish', finishReason, messageMetadata })
  }
}
