import type { EventBatch } from '../../core/event.ts'
import type { Encoder } from '../../protocols/index.ts'

/** Encodes the text of the first choice and nothing else. The format has no error: the body is then aborted. */
export function plainTextEncoder(): Encoder {
  return new BareText()
}

class BareText implements Encoder {
  readonly contentType = 'text/plain; charset=utf-8'
  readonly breaksOnError = true
  // The first half of a surrogate pair that two events share. Encoded alone it would become another character.
  #half = ''

  open(): string {
    return ''
  }

  encode(batch: EventBatch): string {
    let text = this.#half
    for (const event of batch)
      if (event.type === 'text-delta' && (event.choice ?? 0) === 0) text += event.text
    const last = text.charCodeAt(text.length - 1)
    const halved = last >= 0xd800 && last <= 0xdbff
    this.#half = halved ? text.slice(-1) : ''
    return halved ? text.slice(0, -1) : text
  }

  close(): string {
    return this.#half
  }
}
