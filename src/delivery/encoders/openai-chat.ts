import type { EventBatch, StreamEvent } from '../../core/event.ts'
import { newId } from '../../core/create-id.ts'
import { argumentsText } from '../../core/message.ts'
import type { Usage } from '../../core/response.ts'
import type { Encoder, StreamEnd } from './encoder.ts'
import { openaiErrorBody } from './error-body.ts'
import { annotationOf, fileDelta, logprobsOf, stopReason, usageOf } from './openai-chat-parts.ts'
import type { OpenAIChatOptions } from './options.ts'
import { dataFrame, DONE_FRAME, HEARTBEAT, lineJson, SSE_TYPE, streamEnd, streamStart } from './sse.ts'

/**
 * OpenAI's chat completion chunks. Reasoning goes in `reasoning_content`, citations in `annotations`, pictures in
 * `images`. Warnings, tool results, steps and continuations have no place here and are left out. After an error there is
 * no `[DONE]`: the stream has not come to its end.
 */
export function openaiChatEncoder(options: OpenAIChatOptions): Encoder {
  return new ChatChunks(options)
}

interface SentCall {
  readonly index: number
  /** Characters of arguments that went out. */
  sent: number
}

/** One of the answers. */
interface Lane {
  readonly calls: Map<string, SentCall>
  callCount: number
  finished: boolean
}

class ChatChunks implements Encoder {
  readonly contentType = SSE_TYPE
  readonly heartbeat = HEARTBEAT
  readonly #options: OpenAIChatOptions
  readonly #lanes = new Map<number, Lane>()
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
      if (event.type === 'text-delta' && event.logprobs === undefined && (event.choice ?? 0) === 0)
        frames += this.#text(event.text)
      else frames += this.#frame(event)
    }
    return frames
  }

  close(ending: StreamEnd): string {
    const { streamFrames } = this.#options
    const framed = streamFrames === true
    if (ending.type === 'error') {
      const last = dataFrame(openaiErrorBody(ending.error).body)
      return framed ? this.#begin() + last + streamEnd(this.#options, false) + DONE_FRAME : last
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
      case 'tool-result':
      case 'tool-error':
      case 'step':
      case 'continued':
        return ''
    }
  }

  /** The constant beginning of every chunk, once the model is known. */
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

  #laneOf(choice: number): Lane {
    let lane = this.#lanes.get(choice)
    if (lane === undefined)
      this.#lanes.set(choice, (lane = { calls: new Map<string, SentCall>(), callCount: 0, finished: false }))
    return lane
  }

  /** The first chunk of an answer: who speaks. */
  #role(choice = 0): string {
    if (this.#lanes.has(choice)) return ''
    const begin = this.#begin()
    this.#laneOf(choice)
    return `${begin}${this.#head}{"index":${choice},"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null${this.#tail}`
  }

  #text(text: string): string {
    const role = this.#lanes.has(0) ? '' : this.#role(0)
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
    const lane = this.#laneOf(choice ?? 0)
    if (this.#options.isServerTool?.(name) === true) {
      lane.calls.delete(id)
      return role
    }
    const index = lane.callCount++
    lane.calls.set(id, { index, sent: 0 })
    const call = { index, id, type: 'function', function: { name, arguments: '' } }
    return role + this.#delta(choice, lineJson({ tool_calls: [call] }))
  }

  #arguments(choice: number | undefined, id: string, delta: string): string {
    const call = this.#laneOf(choice ?? 0).calls.get(id)
    if (call === undefined || delta === '') return ''
    call.sent += delta.length
    return this.#delta(
      choice,
      `{"tool_calls":[{"index":${call.index},"function":{"arguments":${lineJson(delta)}}}]}`,
    )
  }

  // The deltas told it all, or the call came at once.
  #call(event: Extract<StreamEvent, { type: 'tool-call' }>): string {
    const { id, name, choice, signature } = event
    if (this.#options.isServerTool?.(name) === true) return ''
    const calls = this.#laneOf(choice ?? 0).calls
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
    for (const choice of new Set([...endings.keys(), ...this.#lanes.keys()])) {
      const ending = endings[choice] ?? { finishReason: 'other' }
      frames += this.#role(choice)
      const lane = this.#laneOf(choice)
      if (lane.finished) continue
      lane.finished = true
      const reason = stopReason(ending, lane.callCount > 0)
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
