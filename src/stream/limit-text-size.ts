import { eventText, withEventText, type StreamEvent } from '../core/event.ts'
import { LlmError } from '../core/error.ts'

/** Bounds the text of an answer. */
export interface TextSizeLimit {
  /** The batch, cut where the bound is passed. */
  check(batch: StreamEvent[]): StreamEvent[]
  /** Set once the bound was passed. */
  readonly error: LlmError | undefined
}

/** Counts the UTF-8 bytes of text, reasoning and tool arguments; past `maxBytes` the answer is cut there and `error` set. 0: no bound. */
export function createTextSizeLimit(maxBytes: number): TextSizeLimit {
  return new TextGuard(maxBytes)
}

class TextGuard implements TextSizeLimit {
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
      const message = `the answer is longer than ${this.#maxBytes} bytes and was cut there; raise stream.maxBytes if it is meant to`
      this.error = new LlmError('reply-malformed', message, { code: 'answer-too-long' })
      return [...batch.slice(0, at), withEventText(event, cutText(text, this.#left + size))]
    }
    return batch
  }
}

/** The longest beginning of `text` of at most `maxBytes` bytes that ends between characters. */
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

// Counted by hand: deltas are a few characters long, and a surrogate pair may be split between two of them.
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
