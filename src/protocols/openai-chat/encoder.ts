import type { Clock } from '../../core/clock.ts'
import type { EventBatch, StreamEvent } from '../../core/event.ts'
import { newId } from '../../core/create-id.ts'
import { argumentsText } from '../../core/message.ts'
import { checkOptions, optionsSchema } from '../../core/options.ts'
import type { Usage } from '../../core/response.ts'
import { flag, withMethods, type Group } from '../../core/schema.ts'
import { encoderRows, type Encoder, type EncoderOptions, type StreamEnd } from '../encoder.ts'
import { dataFrame, DONE_FRAME, HEARTBEAT, lineJson, SSE_TYPE, streamEnd, streamStart } from '../sse.ts'
import { openaiErrorBody } from './error-body.ts'
import { annotationOf, fileDelta, logprobsOf, stopReason, usageOf } from './parts.ts'

/** Options of `openaiChatEncoder`. */
export interface OpenAIChatOptions extends EncoderOptions {
  /** Whether a chunk with usage and no choices precedes the end (`stream_options.include_usage`). Default false. */
  readonly includeUsage?: boolean | undefined
  /**
   * Whether named `stream_start` and `stream_end` events surround the chunks and `[DONE]` ends every stream, failed ones
   * included. OpenAI's own clients fail on these events, because they parse each one as a chunk. Default false.
   */
  readonly streamFrames?: boolean | undefined
  /** Clock of the time in `stream_end`. Default: the system clock. */
  readonly clock?: Pick<Clock, 'epochMs'> | undefined
}

/** The schema of {@link OpenAIChatOptions}. */
export const openaiChatSchema: Group = optionsSchema<OpenAIChatOptions>()(() => ({
  ...encoderRows(),
  includeUsage: flag,
  streamFrames: flag,
  clock: withMethods('epochMs'),
}))

/**
 * Encodes a response as OpenAI's chat completion chunks: reasoning as `reasoning_content`, citations as `annotations`,
 * images as `images`. Leaves out warnings, tool results, steps and continuations. A stream that ends with an error has no
 * `[DONE]`, because clients take that for success.
 */
export function openaiChatEncoder(options: OpenAIChatOptions): Encoder {
  checkOptions('openaiChatEncoder', openaiChatSchema, options)
  return new ChatChunks(options)
}

interface SentCall {
  readonly index: number
  /** Characters of arguments sent so far. */
  sent: number
}

/** State of one of the choices. */
interface Choice {
  readonly calls: Map<string, SentCall>
  callCount: number
  finished: boolean
}

class ChatChunks implements Encoder {
  readonly contentType = SSE_TYPE
  readonly heartbeat = HEARTBEAT
  readonly #options: OpenAIChatOptions
  readonly #choices = new Map<number, Choice>()
  readonly #tail: string
  readonly #id: string
  #model: string | undefined
  #head = ''
  #textHead = ''
  #usage: Usage | undefined
  #usageSent = false

  constructor(options: OpenAIChatOptions) {
    this.#options = options
    this.#id = options.id ?? newId('chatcmpl')
    this.#tail = options.includeUsage === true ? '}],"usage":null}\n\n' : '}]}\n\n'
  }

  open(): string {
    return ''
  }

  encode(batch: EventBatch): string {
    let frames = ''
    for (const event of batch) {
      const isPlain = event.type === 'text-delta' && event.logprobs === undefined && (event.choice ?? 0) === 0
      frames += isPlain ? this.#text(event.text) : this.#frame(event)
    }
    return frames
  }

  close(ending: StreamEnd): string {
    const framed = this.#options.streamFrames === true
    if (ending.type === 'error') {
      const last = dataFrame(openaiErrorBody(ending.error).body)
      return (framed ? this.#begin() + last + streamEnd(this.#options, false) : last) + DONE_FRAME
    }
    const last = this.#role(0) + this.#finish([{ finishReason: 'other' }]) + this.#usageChunk()
    return last + (framed ? streamEnd(this.#options, true) : '') + DONE_FRAME
  }

  #frame(event: StreamEvent): string {
    switch (event.type) {
      case 'start':
        this.#model ??= event.model
        return this.#role(0)
      case 'text-delta': {
        const { text, choice, logprobs } = event
        if (text === '' && logprobs === undefined) return this.#role(choice)
        const probable = logprobs === undefined ? 'null' : lineJson(logprobsOf(logprobs))
        return this.#delta(choice, `{"content":${lineJson(text)}}`, probable)
      }
      case 'reasoning-delta':
        return this.#reasoning(event)
      case 'tool-call-start':
        return this.#openCall(event)
      case 'tool-call-delta':
        return this.#arguments(event.choice, event.id, event.delta)
      case 'tool-call':
        return this.#call(event)
      case 'citation': {
        const annotation = annotationOf(event)
        return annotation === undefined
          ? ''
          : this.#delta(event.choice, lineJson({ annotations: [annotation] }))
      }
      case 'file':
        return this.#delta(event.choice, lineJson(fileDelta(event)))
      case 'usage':
        this.#usage = event.usage
        return ''
      case 'finish':
        this.#usage = event.usage
        return this.#role(0) + this.#finish(event.choices ?? [event]) + this.#usageChunk()
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
        return ''
    }
  }

  // Fixes the constant head of every chunk when the model is known.
  #begin(): string {
    if (this.#head !== '') return ''
    const { model = this.#model ?? '', createdMs, conversationId, streamFrames } = this.#options
    const fields = {
      id: this.#id,
      object: 'chat.completion.chunk',
      created: Math.floor(createdMs / 1000),
      model,
      conversation_id: conversationId,
    }
    this.#head = `data: ${lineJson(fields).slice(0, -1)},"choices":[`
    this.#textHead = `${this.#head}{"index":0,"delta":{"content":`
    return streamFrames === true ? streamStart(this.#options, model) : ''
  }

  #choiceOf(choice: number): Choice {
    const state = this.#choices.get(choice) ?? {
      calls: new Map<string, SentCall>(),
      callCount: 0,
      finished: false,
    }
    this.#choices.set(choice, state)
    return state
  }

  /** Returns the first chunk of a choice, which carries the role, unless it was sent. */
  #role(choice = 0): string {
    if (this.#choices.has(choice)) return ''
    const begin = this.#begin()
    this.#choiceOf(choice)
    return `${begin}${this.#head}{"index":${choice},"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null${this.#tail}`
  }

  #text(text: string): string {
    const role = this.#choices.has(0) ? '' : this.#role(0)
    if (text === '') return role
    return `${role}${this.#textHead}${lineJson(text)}},"logprobs":null,"finish_reason":null${this.#tail}`
  }

  #delta(choice: number | undefined, delta: string, logprobs = 'null'): string {
    const role = this.#role(choice)
    return `${role}${this.#head}{"index":${choice ?? 0},"delta":${delta},"logprobs":${logprobs},"finish_reason":null${this.#tail}`
  }

  #reasoning({ text, details, choice }: Extract<StreamEvent, { type: 'reasoning-delta' }>): string {
    const fields = {
      ...(text === '' ? undefined : { reasoning_content: text }),
      ...(Array.isArray(details) ? { reasoning_details: details } : undefined),
    }
    return Object.keys(fields).length === 0 ? '' : this.#delta(choice, lineJson(fields))
  }

  #openCall({ id, name, choice }: { id: string; name: string; choice?: number | undefined }): string {
    const role = this.#role(choice)
    const state = this.#choiceOf(choice ?? 0)
    if (this.#options.isServerTool?.(name) === true) {
      state.calls.delete(id)
      return role
    }
    const index = state.callCount++
    state.calls.set(id, { index, sent: 0 })
    const call = { index, id, type: 'function', function: { name, arguments: '' } }
    return role + this.#delta(choice, lineJson({ tool_calls: [call] }))
  }

  #arguments(choice: number | undefined, id: string, delta: string): string {
    const call = this.#choiceOf(choice ?? 0).calls.get(id)
    if (call === undefined || delta === '') return ''
    call.sent += delta.length
    return this.#delta(
      choice,
      `{"tool_calls":[{"index":${call.index},"function":{"arguments":${lineJson(delta)}}}]}`,
    )
  }

  // Its deltas have been sent, or the call arrived whole.
  #call(event: Extract<StreamEvent, { type: 'tool-call' }>): string {
    const { id, name, choice, signature } = event
    if (this.#options.isServerTool?.(name) === true) return ''
    const { calls } = this.#choiceOf(choice ?? 0)
    const opened = calls.has(id) ? '' : this.#openCall(event)
    const call = calls.get(id) as SentCall
    const rest = call.sent === 0 ? this.#arguments(choice, id, argumentsText(event)) : ''
    calls.delete(id)
    if (signature === undefined) return opened + rest
    const marked = { index: call.index, extra_content: { google: { thought_signature: signature } } }
    return opened + rest + this.#delta(choice, lineJson({ tool_calls: [marked] }))
  }

  #finish(endings: readonly Parameters<typeof stopReason>[0][]): string {
    let frames = ''
    for (const choice of new Set([...endings.keys(), ...this.#choices.keys()])) {
      const ending = endings[choice] ?? { finishReason: 'other' }
      frames += this.#role(choice)
      const state = this.#choiceOf(choice)
      if (state.finished) continue
      state.finished = true
      const reason = stopReason(ending, state.callCount > 0)
      frames += `${this.#head}{"index":${choice},"delta":{},"logprobs":null,"finish_reason":"${reason}"${this.#tail}`
    }
    return frames
  }

  #usageChunk(): string {
    if (this.#options.includeUsage !== true || this.#usage === undefined || this.#usageSent) return ''
    this.#usageSent = true
    return `${this.#head}],"usage":${lineJson(usageOf(this.#usage))}}\n\n`
  }
}
