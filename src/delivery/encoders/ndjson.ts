import type { EventBatch, FinishEvent } from '../../core/event.ts'
import type { Usage } from '../../core/response.ts'
import { lineJson, type Encoder, type StreamEnd } from '../../protocols/index.ts'
import { plainErrorBody } from './error-body.ts'

/** Encodes every event as one line of JSON. The last line is the `finish` event, or `{"type":"error","error":{…}}`. */
export function ndjsonEncoder(): Encoder {
  return new EventLines()
}

class EventLines implements Encoder {
  readonly contentType = 'application/x-ndjson; charset=utf-8'
  #usage: Usage | undefined
  #finish: FinishEvent | undefined

  open(): string {
    return ''
  }

  encode(batch: EventBatch): string {
    let lines = ''
    for (const event of batch) {
      if (event.type === 'usage') this.#usage = event.usage
      if (event.type === 'finish') this.#finish = event
      else lines += `${lineJson(event)}\n`
    }
    return lines
  }

  close(ending: StreamEnd): string {
    if (ending.type === 'error') {
      const usage = ending.error.partial?.usage ?? this.#usage
      return `${lineJson({ type: 'error', ...plainErrorBody(ending.error).body, usage })}\n`
    }
    const finish = this.#finish ?? { type: 'finish', finishReason: 'other', usage: this.#usage }
    return `${lineJson(finish)}\n`
  }
}
