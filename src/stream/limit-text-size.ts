import { eventText, withEventText, type StreamEvent } from '../core/event.ts'
import { LlmError } from '../core/error.ts'

/** Limits the size of an answer's text. */
export interface TextSizeLimit {
  /** Returns the batch, cut at the limit. */
  check(batch: StreamEvent[]): StreamEvent[]
  /** Set when the limit was exceeded. */
  readonly error: LlmError | undefined
}

/** Creates a limit of `maxBytes` UTF-8 bytes for text, reasoning and tool arguments together. 0: no limit. */
export function createTextSizeLimit(maxBytes: number): TextSizeLimit {
  return new TextSizeCounter(maxBytes)
}

class TextSizeCounter implements TextSizeLimit {
  error: LlmError | undefined
  readonly #maxBytes: number
  #left: number

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
    this.#left = maxBytes === 0 ? Infinity : maxBytes
  }

  check(batch: StreamEvent[]): StreamEvent[] {
    for (let at = 0; at < batch.length; at++) {
      const event = batch[at] as StreamEvent
      const text = eventText(event)
      if (text === undefined) continue
      const size = utf8Length(text)
      this.#left -= size
      if (this.#left >= 0) continue
      const message = `the answer is longer than ${this.#maxBytes} bytes and was cut there: raise stream.maxBytes if answers of this size are expected`
      this.error = new LlmError('reply-malformed', message, { code: 'answer-too-long' })
      return [...batch.slice(0, at), withEventText(event, cutText(text, this.#left + size))]
    }
    return batch
  }
}

/** The longest prefix of `text` of at most `maxBytes` bytes that does not split a character. */
function cutText(text: string, maxBytes: number): string {
  let size = 0
  let end = 0
  for (const character of text) {
    size += utf8Length(character)
    if (size > maxBytes) break
    end += character.length
  }
  return text.slice(0, end)
}

// Not `TextEncoder`, because deltas are short and may split a surrogate pair.
function utf8Length(text: string): number {
  let size = text.length
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80) continue
    const surrogate = unit >= 0xd800 && unit <= 0xdfff
    size += unit < 0x800 || surrogate ? 1 : 2
  }
  return size
}
