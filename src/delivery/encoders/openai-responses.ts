import type { EventBatch, StreamEvent } from '../../core/event.ts'
import { newId } from '../../core/create-id.ts'
import type { FinishReason, Usage } from '../../core/response.ts'
import type { Encoder, StreamEnd } from './encoder.ts'
import { openaiErrorBody } from './error-body.ts'
import { OutputItems, type Emit } from './openai-responses-items.ts'
import { outcomeOf, responseObject } from './openai-responses-parts.ts'
import type { EncoderOptions } from './options.ts'
import { lineJson, HEARTBEAT, SSE_TYPE } from './sse.ts'

/**
 * OpenAI's response events: one item per message, thought, call and picture, numbered in order. The last event is
 * `response.completed`, `response.incomplete` or `response.failed`. Warnings, tool results, steps, continuations, files
 * that are no pictures and answers beyond the first have no place here and are left out.
 */
export function openaiResponsesEncoder(options: EncoderOptions): Encoder {
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
  #begun = false
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
      if (!this.#begun) this.#begin()
      if (((event as { choice?: number }).choice ?? 0) === 0) this.#take(event)
    }
    return this.#flush()
  }

  close(ending: StreamEnd): string {
    this.#begin()
    const failed = ending.type === 'error' || this.#finishReason === 'error'
    this.#items.finishAll(failed ? 'incomplete' : 'completed', failed)
    if (ending.type === 'error') {
      const { code, type, message } = openaiErrorBody(ending.error).body['error'] as Record<string, string>
      this.#tell('failed', { error: { code: code ?? type, message } }, ending.error.partial?.usage)
    } else {
      const { status, ...fields } = outcomeOf(this.#finishReason)
      this.#tell(status, fields, this.#usage)
    }
    return this.#flush()
  }

  #take(event: StreamEvent): void {
    const items = this.#items
    switch (event.type) {
      case 'text-delta':
        return items.addText(event.text, event.logprobs)
      case 'reasoning-delta':
        return items.addThought(event)
      case 'tool-call-start':
        if (this.#isReaders(event.name)) items.openCall(event.id, event.name)
        return
      case 'tool-call-delta':
        return items.addArguments(event.id, event.delta)
      case 'tool-call':
        if (this.#isReaders(event.name)) items.finishCall(event)
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
      case 'tool-result':
      case 'tool-error':
      case 'step':
      case 'continued':
    }
  }

  #isReaders(name: string): boolean {
    return this.#options.isServerTool?.(name) !== true
  }

  #begin(): void {
    if (this.#begun) return
    this.#begun = true
    this.#tell('created', { status: 'in_progress' })
    this.#tell('in_progress', { status: 'in_progress' })
  }

  #tell(event: string, fields: Record<string, unknown>, usage?: Usage): void {
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
