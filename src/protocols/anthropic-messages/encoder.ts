import type { EventBatch, StreamEvent } from '../../core/event.ts'
import { newId } from '../../core/create-id.ts'
import { checkOptions } from '../../core/options.ts'
import type { FinishReason, Usage } from '../../core/response.ts'
import { ContentBlocks } from './content-blocks.ts'
import { encoderSchema, type Encoder, type EncoderOptions, type StreamEnd } from '../encoder.ts'
import { namedFrame, SSE_TYPE } from '../sse.ts'
import { anthropicErrorBody } from './error-body.ts'
import { citationOf, stopReason, usageOf } from './parts.ts'

/**
 * Encodes a response as Anthropic's message events, one content block after another; reasoning keeps its signatures.
 * Leaves out files, warnings, tool results, steps, continuations and choices beyond the first.
 */
export function anthropicMessagesEncoder(options: EncoderOptions): Encoder {
  checkOptions('anthropicMessagesEncoder', encoderSchema, options)
  return new MessageEvents(options)
}

class MessageEvents implements Encoder {
  readonly contentType = SSE_TYPE
  readonly heartbeat = 'event: ping\ndata: {"type":"ping"}\n\n'
  readonly #options: EncoderOptions
  readonly #blocks = new ContentBlocks()
  #started = false
  #ended = false
  #model: string | undefined
  #usage: Usage | undefined
  #calls = false

  constructor(options: EncoderOptions) {
    this.#options = options
  }

  open(): string {
    return ''
  }

  encode(batch: EventBatch): string {
    let frames = ''
    for (const event of batch) {
      if (event.type === 'start') this.#model = event.model
      if (!this.#started) frames += this.#start()
      if (event.type === 'finish') frames += this.#end(event)
      else if (((event as { choice?: number }).choice ?? 0) === 0) this.#take(event)
    }
    return frames.length === 0 ? this.#blocks.take() : frames + this.#blocks.take()
  }

  close(ending: StreamEnd): string {
    if (ending.type === 'error') return namedFrame('error', anthropicErrorBody(ending.error).body)
    const last = this.#ended ? '' : this.#end({ finishReason: 'other' })
    return `${this.#start()}${last}event: message_stop\ndata: {"type":"message_stop"}\n\n`
  }

  #take(event: Exclude<StreamEvent, { type: 'finish' }>): void {
    const blocks = this.#blocks
    switch (event.type) {
      case 'text-delta':
        return blocks.addText(event.text)
      case 'reasoning-delta': {
        const { text, signature, encrypted } = event
        if (text !== '') blocks.addThinking(text)
        if (signature !== undefined) blocks.sign(signature)
        if (encrypted !== undefined) blocks.addRedacted(encrypted)
        return
      }
      case 'tool-call-start':
        if (this.#isClientTool(event.name)) blocks.openTool(event.id, event.name)
        return
      case 'tool-call-delta':
        return blocks.addInput(event.id, event.delta)
      case 'tool-call':
        if (!this.#isClientTool(event.name)) return
        this.#calls = true
        return blocks.finishTool(event)
      case 'citation':
        return blocks.cite(citationOf(event))
      case 'usage':
        this.#usage = event.usage
        return
      case 'start':
      case 'file':
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

  #start(): string {
    if (this.#started) return ''
    this.#started = true
    const message = {
      id: this.#options.id ?? newId('msg'),
      type: 'message',
      role: 'assistant',
      model: this.#options.model ?? this.#model ?? '',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: usageOf(this.#usage),
    }
    return namedFrame('message_start', { type: 'message_start', message })
  }

  #end(ending: { finishReason: FinishReason; rawFinishReason?: string | undefined; usage?: Usage }): string {
    if (this.#ended) return ''
    this.#ended = true
    this.#blocks.finishAll()
    const begin = this.#start() + this.#blocks.take()
    const delta = { stop_reason: stopReason(ending, this.#calls), stop_sequence: null }
    const usage = usageOf(ending.usage ?? this.#usage)
    return begin + namedFrame('message_delta', { type: 'message_delta', delta, usage })
  }
}
