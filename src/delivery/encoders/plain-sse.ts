import type { EventBatch, StartEvent, StreamEvent } from '../../core/event.ts'
import type { FinishReason, Usage } from '../../core/response.ts'
import type { Clock } from '../../core/clock.ts'
import { checkOptions, optionsSchema } from '../../core/options.ts'
import { flag, withMethods, type Group } from '../../core/schema.ts'
import {
  dataFrame,
  DONE_FRAME,
  encoderRows,
  HEARTBEAT,
  lineJson,
  SSE_TYPE,
  streamEnd,
  streamStart,
  type Encoder,
  type EncoderOptions,
  type StreamEnd,
} from '../../protocols/index.ts'
import { plainErrorBody } from './error-body.ts'
import { toldIds } from './told-ids.ts'

/** Options of `plainSseEncoder`. */
export interface PlainSseOptions extends EncoderOptions {
  /** Whether named `stream_start` and `stream_end` events surround the frames. Default false. */
  readonly streamFrames?: boolean | undefined
  /** Clock of the time in `stream_end`. Default: the system clock. */
  readonly clock?: Pick<Clock, 'epochMs'> | undefined
}

/** The schema of {@link PlainSseOptions}. */
export const plainSseSchema: Group = optionsSchema<PlainSseOptions>()(() => ({
  ...encoderRows(),
  streamFrames: flag,
  clock: withMethods('epochMs'),
}))

/**
 * Encodes a response as small JSON frames for a page's own script. After an opening `:ok` come `content`, `reasoning`,
 * `tool_call_start`, `tool_result`, `tool_error`, `step`, `citation`, `file`, `warning` and `continued`, then `done` with
 * usage, or `error`. The last frame is always `[DONE]`. Frames of a choice beyond the first carry `choice`.
 */
export function plainSseEncoder(options: PlainSseOptions): Encoder {
  checkOptions('plainSseEncoder', plainSseSchema, options)
  return new PlainFrames(options)
}

class PlainFrames implements Encoder {
  readonly contentType = SSE_TYPE
  readonly heartbeat = HEARTBEAT
  readonly #options: PlainSseOptions
  #model: string
  #framed = false
  #finishReason: FinishReason = 'other'
  #usage: Usage | undefined
  #start: StartEvent | undefined

  constructor(options: PlainSseOptions) {
    this.#options = options
    this.#model = options.model ?? ''
  }

  open(): string {
    return ':ok\n\n'
  }

  encode(batch: EventBatch): string {
    let frames = ''
    for (const event of batch)
      frames +=
        event.type === 'text-delta' && event.choice === undefined
          ? contentFrame('content', event.text)
          : this.#frame(event)
    return frames
  }

  close(ending: StreamEnd): string {
    const { streamFrames } = this.#options
    const last = ending.type === 'done' ? this.#finish() : this.#fail(ending)
    const end = streamFrames === true ? streamEnd(this.#options, ending.type === 'done') : ''
    return this.#begin() + last + end + DONE_FRAME
  }

  #frame(event: StreamEvent): string {
    switch (event.type) {
      case 'start':
        this.#model = this.#options.model ?? event.model
        this.#start = event
        return this.#begin()
      case 'text-delta':
        return contentFrame('content', event.text, event.choice)
      case 'reasoning-delta':
        return contentFrame('reasoning', event.text, event.choice)
      case 'tool-call': {
        const { id, name, arguments: args, invalid, choice } = event
        return dataFrame({ type: 'tool_call_start', id, name, args, invalid, choice })
      }
      // `tool-call` carries the whole call.
      case 'tool-call-start':
      case 'tool-call-delta':
        return ''
      case 'tool-result':
        return dataFrame({ type: 'tool_result', id: event.id, name: event.name, result: event.result })
      case 'tool-error':
        return dataFrame({ type: 'tool_error', id: event.id, name: event.name, error: event.message })
      case 'tool-progress':
        return dataFrame({ type: 'tool_progress', id: event.id, name: event.name, progress: event.progress })
      case 'approval-requested': {
        const { runId, id, name, arguments: args } = event
        return dataFrame({ type: 'approval_requested', runId, id, name, args })
      }
      case 'agent-event':
        return dataFrame({ ...event, type: 'agent_event' })
      case 'server-tool-call':
        return dataFrame({ type: 'server_tool_call', id: event.id, name: event.name, args: event.arguments })
      case 'server-tool-result':
        return dataFrame({
          type: 'server_tool_result',
          id: event.id,
          name: event.name,
          result: event.result,
        })
      case 'usage':
        this.#usage = event.usage
        return ''
      case 'finish':
        this.#usage = event.usage
        this.#finishReason = event.finishReason
        return ''
      case 'step':
      case 'citation':
      case 'file':
      case 'warning':
        return dataFrame(event)
      case 'continued':
        return dataFrame({ type: 'continued', offset: event.offset })
    }
  }

  #begin(): string {
    if (this.#options.streamFrames !== true || this.#framed) return ''
    this.#framed = true
    return streamStart(this.#options, this.#model)
  }

  #finish(): string {
    const ids = toldIds(this.#options, this.#start)
    const end = { finishReason: this.#finishReason, usage: this.#usage }
    const { messageId: id = this.#options.id } = ids
    return dataFrame({ type: 'done', ...end, id, model: this.#model, ...ids })
  }

  #fail({ error }: Extract<StreamEnd, { type: 'error' }>): string {
    const usage = error.partial?.usage ?? this.#usage
    // An answer that failed before its first content is not stored.
    const { messageId: _messageId, ...ids } = toldIds(this.#options, this.#start)
    const messageId = this.#start?.messageId
    return dataFrame({ type: 'error', ...plainErrorBody(error).body, usage, ...ids, messageId })
  }
}

function contentFrame(type: 'content' | 'reasoning', text: string, choice?: number): string {
  if (text === '') return ''
  const which = choice === undefined ? '' : `,"choice":${choice}`
  return `data: {"type":"${type}","content":${lineJson(text)}${which}}\n\n`
}
