import {
  eventText,
  type EventBatch,
  type CitationEvent,
  type ReasoningDelta,
  type StreamEvent,
  type TextDelta,
  type ServerToolCallEvent,
  type ToolCallEvent,
} from '../../core/event.ts'
import { parseJson, type JsonValue } from '../../core/json.ts'
import { JsonRedactor, redactValue } from './redact-json.ts'
import { redactWhole, type ScanState } from './redact-scan.ts'
import { TextRedactor } from './redact-text.ts'

/** Redacts the events of one stream. Create one per stream, because it holds text that is not settled yet. */
export interface Redactor {
  /** Adds the events of one network read. */
  push(batch: EventBatch): void
  /** Returns the settled events. Stops early, and sets `pending`, if that takes more than a few milliseconds. */
  work(): StreamEvent[]
  /** Whether there is more to do: call `work` again after a pause. */
  readonly pending: boolean
  /** Whether a match was found after which no event may be delivered. Events before it were delivered. */
  readonly blocked: boolean
}

/**
 * Creates a redactor. It scans text, reasoning and tool arguments of each answer separately. Text that may be the start of
 * a match is held back until that is settled, so that the result equals that of the whole text, however it was cut. Held
 * text is delivered before any later event of its answer.
 */
export function createRedactor(open: ScanState): Redactor {
  return new EventRedactor(open)
}

const CHARACTERS_PER_STEP = 65_536
// What an event without text counts for.
const OTHER_EVENT_CHARACTERS = 16

class EventRedactor implements Redactor {
  blocked = false
  readonly #open: ScanState
  readonly #answers = new Map<number, AnswerRedactor>()
  #job: Iterator<undefined, void> | undefined
  #queue: StreamEvent[] = []
  // One array for good, because a job that yielded continues to write to it.
  readonly #out: StreamEvent[] = []

  constructor(open: ScanState) {
    this.#open = open
  }

  get pending(): boolean {
    return this.#job !== undefined
  }

  push(batch: EventBatch): void {
    if (this.blocked) return
    for (const event of batch) this.#queue.push(event)
    this.#job ??= this.#run()
  }

  work(): StreamEvent[] {
    if (this.#job?.next().done === true) this.#job = undefined
    return this.#out.splice(0)
  }

  *#run(): Generator<undefined, void> {
    let characters = 0
    for (let at = 0; at < this.#queue.length; at++) {
      const event = this.#queue[at] as StreamEvent
      yield* this.#take(event, this.#out)
      if (this.blocked) break
      characters += eventText(event)?.length ?? OTHER_EVENT_CHARACTERS
      if (characters < CHARACTERS_PER_STEP) continue
      characters = 0
      yield undefined
    }
    this.#queue = []
  }

  *#take(event: StreamEvent, out: StreamEvent[]): Generator<undefined, void> {
    switch (event.type) {
      case 'text-delta':
      case 'reasoning-delta':
      case 'tool-call-start':
      case 'tool-call-delta':
      case 'tool-call':
      case 'server-tool-call':
      case 'server-tool-result':
      case 'file':
      case 'citation': {
        const answer = this.#answerOf(event.choice)
        yield* answer.take(event, out)
        this.blocked = answer.blocked
        return
      }
      case 'start':
      case 'warning':
        out.push(event)
        return
      default:
        for (const answer of this.#answers.values()) {
          yield* answer.end(out)
          if (answer.blocked) this.blocked = true
          if (this.blocked) return
        }
        out.push(event)
    }
  }

  #answerOf(choice: number | undefined): AnswerRedactor {
    const index = choice ?? 0
    let answer = this.#answers.get(index)
    if (answer === undefined) this.#answers.set(index, (answer = new AnswerRedactor(choice, this.#open)))
    return answer
  }
}

type AnswerEvent = Extract<StreamEvent, { choice?: number | undefined }>

/** Redacts the open texts of one answer: one text or thought, and any number of tool calls. */
class AnswerRedactor {
  blocked = false
  readonly #choice: number | undefined
  readonly #open: ScanState
  readonly #calls = new Map<string, JsonRedactor>()
  #text: TextRedactor | undefined
  #details: JsonValue | undefined
  /** Whether the text was changed, which makes positions in it invalid. */
  #moved = false

  constructor(choice: number | undefined, open: ScanState) {
    this.#choice = choice
    this.#open = open
  }

  *take(event: AnswerEvent, out: StreamEvent[]): Generator<undefined, void> {
    switch (event.type) {
      case 'text-delta':
      case 'reasoning-delta':
        yield* this.#takeText(event, out)
        return
      case 'tool-call-delta':
        yield* this.#takeArguments(event.id, event.delta, out)
        return
      case 'citation':
        yield* this.#takeCitation(event, out)
        return
      case 'tool-call':
        yield* this.#endText(out)
        if (!this.blocked) yield* this.#takeCall(event, out)
        return
      case 'server-tool-call':
        yield* this.#endText(out)
        if (!this.blocked) yield* this.#takeStep(event, out)
        return
      default:
        yield* this.#endText(out)
        if (!this.blocked) out.push(event)
    }
  }

  /** Ends the answer. */
  *end(out: StreamEvent[]): Generator<undefined, void> {
    yield* this.#endText(out)
    for (const id of this.#calls.keys()) if (!this.blocked) yield* this.#endArguments(id, out)
  }

  *#takeText(event: TextDelta | ReasoningDelta, out: StreamEvent[]): Generator<undefined, void> {
    const id = event.type === 'reasoning-delta' ? event.id : undefined
    const open = this.#text
    const isOther =
      open !== undefined &&
      (open.type !== event.type || (id !== undefined && open.id !== undefined && open.id !== id))
    if (isOther) yield* this.#endText(out)
    if (this.blocked) return
    const scan = (): TextRedactor => {
      const place = event.type === 'text-delta' ? 'text' : 'reasoning'
      return new TextRedactor(event.type, this.#choice, this.#open(place))
    }
    const redactor = (this.#text ??= scan())
    redactor.id ??= id
    if (event.type === 'text-delta' && (event.phase ?? event.id) !== undefined) {
      const { phase, id: message = event.text === '' ? undefined : '' } = event
      redactor.place({ type: 'text-delta', text: '', phase, id: message, ...this.#mark() }, out)
    }
    if (event.text !== '' || (event.type === 'text-delta' && event.logprobs !== undefined))
      yield* redactor.take(event, out)
    if (redactor.touched) this.#moved = true
    if (redactor.blocked) this.blocked = true
    else if (event.type === 'reasoning-delta') yield* this.#takeVendorFields(event, redactor, out)
    else if (event.signature !== undefined && !redactor.touched)
      redactor.place({ type: 'text-delta', text: '', signature: event.signature, ...this.#mark() }, out)
  }

  // A vendor's details repeat the thought, and its signature is valid for the original text. Both are held until the end
  // of the thought and delivered only if nothing was replaced.
  *#takeVendorFields(
    event: ReasoningDelta,
    redactor: TextRedactor,
    out: StreamEvent[],
  ): Generator<undefined, void> {
    const { signature, encrypted, id, details } = event
    if (details !== undefined) this.#details = joined(this.#details, details)
    if (signature === undefined && encrypted === undefined) {
      if (event.text === '' && id !== undefined && details === undefined)
        redactor.place({ type: 'reasoning-delta', text: '', id, ...this.#mark() }, out)
      return
    }
    yield* redactor.end(out)
    if (redactor.blocked) this.blocked = true
    if (this.blocked) return
    const kept = redactor.touched
      ? {}
      : { ...(signature && { signature }), ...(this.#details !== undefined && { details: this.#details }) }
    const fields = {
      ...kept,
      ...(encrypted && { encrypted }),
      ...(redactor.id !== undefined && { id: redactor.id }),
    }
    if (Object.keys(fields).length > 0)
      out.push({ type: 'reasoning-delta', text: '', ...fields, ...this.#mark() })
    this.#details = undefined
    this.#text = undefined
  }

  *#endText(out: StreamEvent[]): Generator<undefined, void> {
    const redactor = this.#text
    if (redactor === undefined) return
    yield* redactor.end(out)
    if (redactor.touched) this.#moved = true
    if (redactor.blocked) this.blocked = true
    else if (this.#details !== undefined && !redactor.touched)
      out.push({ type: 'reasoning-delta', text: '', details: this.#details, ...this.#mark() })
    this.#details = undefined
    this.#text = undefined
  }

  #callOf(id: string): JsonRedactor {
    let redactor = this.#calls.get(id)
    if (redactor === undefined)
      this.#calls.set(id, (redactor = new JsonRedactor(() => this.#open('tool-arguments'))))
    return redactor
  }

  *#takeArguments(id: string, delta: string, out: StreamEvent[]): Generator<undefined, void> {
    const redactor = this.#callOf(id)
    this.#giveArguments(id, yield* redactor.take(delta), out)
    if (redactor.blocked) this.blocked = true
  }

  *#endArguments(id: string, out: StreamEvent[]): Generator<undefined, void> {
    const redactor = this.#calls.get(id)
    if (redactor === undefined) return
    this.#calls.delete(id)
    this.#giveArguments(id, yield* redactor.end(), out)
    if (redactor.blocked) this.blocked = true
  }

  #giveArguments(id: string, delta: string, out: StreamEvent[]): void {
    if (delta !== '') out.push({ type: 'tool-call-delta', id, delta, ...this.#mark() })
  }

  *#takeCall(event: ToolCallEvent, out: StreamEvent[]): Generator<undefined, void> {
    const redactor = this.#calls.get(event.id)
    const seen = redactor?.used === true
    yield* this.#endArguments(event.id, out)
    if (this.blocked) return
    const given = redactor?.replacedNumber === true ? parseJson(redactor.text) : undefined
    const kept = given ?? (yield* redactValue(() => this.#open('tool-arguments', seen), event.arguments))
    if (kept === undefined) this.blocked = true
    else {
      const { argumentsText: text, ...call } = event
      const isWhole = text !== undefined && text === redactor?.text
      out.push({ ...call, arguments: kept, ...(isWhole ? { argumentsText: text } : undefined) })
    }
  }

  // The block repeats the arguments, so that it is delivered only if nothing in them was replaced.
  *#takeStep(event: ServerToolCallEvent, out: StreamEvent[]): Generator<undefined, void> {
    const kept = yield* redactValue(() => this.#open('tool-arguments'), event.arguments)
    if (kept === undefined) this.blocked = true
    else if (JSON.stringify(kept) === JSON.stringify(event.arguments)) out.push(event)
    else out.push({ ...event, arguments: kept, block: undefined })
  }

  *#takeCitation(event: CitationEvent, out: StreamEvent[]): Generator<undefined, void> {
    const kept: { -readonly [K in keyof CitationEvent]: CitationEvent[K] } = { ...event }
    for (const field of ['url', 'title', 'text'] as const) {
      const text = event[field]
      if (text === undefined) continue
      const redacted = yield* redactWhole(this.#open('citation'), text)
      if (redacted === undefined) this.blocked = true
      if (this.blocked) return
      kept[field] = redacted
    }
    if (this.#moved) {
      delete kept.start
      delete kept.end
    }
    if (this.#text === undefined) out.push(kept)
    else this.#text.place(kept, out)
  }

  #mark(): { choice?: number } {
    return this.#choice === undefined ? {} : { choice: this.#choice }
  }
}

function joined(held: JsonValue | undefined, next: JsonValue): JsonValue {
  return Array.isArray(held) && Array.isArray(next)
    ? [...(held as JsonValue[]), ...(next as JsonValue[])]
    : next
}
