import type { EventBatch, StreamEvent } from '../../core/event.ts'
import { newId } from '../../core/create-id.ts'
import { checkOptions } from '../../core/options.ts'
import type { FinishReason, Usage } from '../../core/response.ts'
import { encoderSchema, type Encoder, type EncoderOptions, type StreamEnd } from '../encoder.ts'
import { openaiErrorBody } from '../openai-chat/index.ts'
import { HEARTBEAT, lineJson, SSE_TYPE } from '../sse.ts'
import { OutputItems, type Emit } from './output-items.ts'
import { outcomeOf, responseObject } from './parts.ts'

/**
 * Encodes a response as OpenAI's response events: one item per message, reasoning, call and image, numbered in order. The
 * last event is `response.completed`, `response.incomplete` or `response.failed`. Leaves out warnings, tool results,
 * steps, continuations, files other than images, and choices beyond the first.
 */
export function openaiResponsesEncoder(options: EncoderOptions): Encoder {
  checkOptions('openaiResponsesEncoder', encoderSchema, options)
  return new ResponseEvents(options)
}

class ResponseEvents implements Encoder {
  readonly contentType = SSE_TYPE
  readonly heartbeat = HEARTBEAT
  readonly #options: EncoderOptions
  readonly #id: string
  readonly #items: OutputItems
  #sequence = 0
  #out = ''
  #started = false
  #model: string | undefined
  #usage: Usage | undefined
  #finishReason: FinishReason = 'other'

  constructor(options: EncoderOptions) {
    this.#options = options
    this.#id = options.id ?? newId('resp')
    const emit: Emit = (type, head) => {
      this.#out += `event: ${type}\ndata: {"type":"${type}",${head},"sequence_number":${this.#sequence++}}\n\n`
    }
    this.#items = new OutputItems(this.#id, emit)
  }

  open(): string {
    return ''
  }

  encode(batch: EventBatch): string {
    for (const event of batch) {
      if (event.type === 'start') this.#model = event.model
      if (!this.#started) this.#start()
      if (((event as { choice?: number }).choice ?? 0) === 0) this.#take(event)
    }
    return this.#flush()
  }

  close(ending: StreamEnd): string {
    this.#start()
    const failed = ending.type === 'error' || this.#finishReason === 'error'
    this.#items.finishAll(failed ? 'incomplete' : 'completed', failed)
    if (ending.type === 'error') {
      const { code, type, message } = openaiErrorBody(ending.error).body['error'] as Record<string, string>
      this.#addResponse('failed', { error: { code: code ?? type, message } }, ending.error.partial?.usage)
    } else {
      const { status, ...fields } = outcomeOf(this.#finishReason)
      this.#addResponse(status, fields, this.#usage)
    }
    return this.#flush()
  }

  #take(event: StreamEvent): void {
    const items = this.#items
    switch (event.type) {
      case 'text-delta':
        return items.addText(event.text, event.logprobs)
      case 'reasoning-delta':
        return items.addReasoning(event)
      case 'tool-call-start':
        if (this.#isClientTool(event.name)) items.openCall(event.id, event.name)
        return
      case 'tool-call-delta':
        return items.addArguments(event.id, event.delta)
      case 'tool-call':
        if (this.#isClientTool(event.name)) items.finishCall(event)
        return
      case 'citation':
        return items.cite(event)
      case 'file':
        return items.addFile(event)
      case 'usage':
        this.#usage = event.usage
        return
      case 'finish':
        this.#usage = event.usage
        this.#finishReason = event.finishReason
        return
      case 'start':
      case 'warning':
      case 'server-tool-call':
      case 'server-tool-result':
      case 'tool-result':
      case 'tool-error':
      case 'tool-progress':
      case 'approval-requested':
      case 'agent-event':
      case 'step':
      case 'continued':
    }
  }

  #isClientTool(name: string): boolean {
    return this.#options.isServerTool?.(name) !== true
  }

  #start(): void {
    if (this.#started) return
    this.#started = true
    this.#addResponse('created', { status: 'in_progress' })
    this.#addResponse('in_progress', { status: 'in_progress' })
  }

  #addResponse(event: string, fields: Record<string, unknown>, usage?: Usage): void {
    const { createdMs, conversationId, model = this.#model ?? '' } = this.#options
    const response = responseObject(
      { id: this.#id, model, createdMs, conversationId },
      this.#items.output,
      usage,
    )
    const type = `response.${event}`
    const whole = lineJson({ ...response, status: event, ...fields })
    this.#out += `event: ${type}\ndata: {"type":"${type}","response":${whole},"sequence_number":${this.#sequence++}}\n\n`
  }

  #flush(): string {
    const frames = this.#out
    this.#out = ''
    return frames
  }
}
