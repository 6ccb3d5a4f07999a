import type { EventBatch, StreamEvent } from '../../core/event.ts'

/** Holds text back so that many small pieces go out as one. */
export class TextHold {
  readonly #maxChars: number
  #events: StreamEvent[] = []
  #chars = 0

  /** `maxChars`: so much text goes out at once. */
  constructor(maxChars: number) {
    this.#maxChars = maxChars
  }

  get empty(): boolean {
    return this.#events.length === 0
  }

  /** Adds a batch. True where it has to go out now: enough text, or an event that nobody should wait for. */
  add(batch: EventBatch): boolean {
    let due = false
    for (const event of batch) {
      if (!this.#merge(event)) this.#events.push(event)
      const text = textOf(event)
      if (text === undefined) due = true
      else this.#chars += text.length
    }
    return due || this.#chars >= this.#maxChars
  }

  take(): EventBatch {
    const events = this.#events
    this.#events = []
    this.#chars = 0
    return events
  }

  // Pieces of one text become one piece; whatever else a piece carries keeps it apart.
  #merge(event: StreamEvent): boolean {
    const last = this.#events.at(-1)
    if (last === undefined || last.type !== event.type) return false
    if (event.type === 'tool-call-delta' && last.type === 'tool-call-delta') {
      if (last.id !== event.id || last.choice !== event.choice) return false
      this.#events[this.#events.length - 1] = { ...last, delta: last.delta + event.delta }
      return true
    }
    if (!isPlainText(last) || !isPlainText(event) || last.choice !== event.choice) return false
    this.#events[this.#events.length - 1] = { ...last, text: last.text + event.text }
    return true
  }
}

function textOf(event: StreamEvent): string | undefined {
  if (event.type === 'text-delta' || event.type === 'reasoning-delta') return event.text
  return event.type === 'tool-call-delta' ? event.delta : undefined
}

type Spoken = Extract<StreamEvent, { type: 'text-delta' | 'reasoning-delta' }>

function isPlainText(event: StreamEvent): event is Spoken {
  if (event.type === 'text-delta') return event.signature === undefined && event.logprobs === undefined
  if (event.type !== 'reasoning-delta') return false
  const { signature, encrypted, id, details } = event
  return signature === undefined && encrypted === undefined && id === undefined && details === undefined
}
