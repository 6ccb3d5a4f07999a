import {
  eventText,
  type EventBatch,
  type CitationEvent,
  type ReasoningDelta,
  type StreamEvent,
  type TextDelta,
  type ToolCallEvent,
} from '../../core/event.ts'
import { parseJson, type JsonValue } from '../../core/json.ts'
import { JsonLane, redactValue } from './redact-json.ts'
import { redactWhole, type ScanState } from './redact-scan.ts'
import { TextLane } from './redact-text.ts'

/** Redacts the events of one stream. Made per stream: it holds what is not decided yet. */
export interface Redactor {
  /** Takes the events of one network read. */
  push(batch: EventBatch): void
  /** Gives the events that are decided; stops early, with `pending`, where that takes more than a few milliseconds. */
  work(): StreamEvent[]
  /** True where there is more to do: `work` again after a pause. */
  readonly pending: boolean
  /** True once something was found after which nothing may be given; the events before it were given. */
  readonly blocked: boolean
}

/**
 * Makes a redactor. Text, reasoning and tool arguments are read as they come, each part of each answer for itself; what
 * may be the beginning of a match is held back until that is decided, so that the parts of the answer are what the same
 * scan makes of them whole, however they were cut. Held text is given before any later event of its answer.
 */
export function createRedactor(open: ScanState): Redactor {
  return new EventRedactor(open)
}

const CHARACTERS_A_TURN = 65_536
// What an event without text counts for.
const OTHER_EVENT_CHARACTERS = 16

class EventRedactor implements Redactor {
  blocked = false
  readonly #open: ScanState
  readonly #answers = new Map<number, AnswerLanes>()
  #job: Iterator<undefined, void> | undefined
  #queue: StreamEvent[] = []
  // Kept for good: a job that gave way goes on writing to it.
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
      if (characters < CHARACTERS_A_TURN) continue
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

  #answerOf(choice: number | undefined): AnswerLanes {
    const index = choice ?? 0
    let answer = this.#answers.get(index)
    if (answer === undefined) this.#answers.set(index, (answer = new AnswerLanes(choice, this.#open)))
    return answer
  }
}

type AnswerEvent = Extract<StreamEvent, { choice?: number | undefined }>

/** The texts of one answer that are open: one text or thought, and any number of tool calls. */
class AnswerLanes {
  blocked = false
  readonly #choice: number | undefined
  readonly #open: ScanState
  readonly #calls = new Map<string, JsonLane>()
  #lane: TextLane | undefined
  #details: JsonValue | undefined
  /** True once the answer's text is not as it was: places in it mean nothing any more. */
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
        yield* this.#endLane(out)
        if (!this.blocked) yield* this.#takeCall(event, out)
        return
      default:
        yield* this.#endLane(out)
        if (!this.blocked) out.push(event)
    }
  }

  /** The answer ends here. */
  *end(out: StreamEvent[]): Generator<undefined, void> {
    yield* this.#endLane(out)
    for (const id of this.#calls.keys()) if (!this.blocked) yield* this.#endArguments(id, out)
  }

  *#takeText(event: TextDelta | ReasoningDelta, out: StreamEvent[]): Generator<undefined, void> {
    const id = event.type === 'reasoning-delta' ? event.id : undefined
    const open = this.#lane
    const isOther =
      open !== undefined &&
      (open.type !== event.type || (id !== undefined && open.id !== undefined && open.id !== id))
    if (isOther) yield* this.#endLane(out)
    if (this.blocked) return
    const scan = (): TextLane => {
      const place = event.type === 'text-delta' ? 'text' : 'reasoning'
      return new TextLane(event.type, this.#choice, this.#open(place))
    }
    const lane = (this.#lane ??= scan())
    lane.id ??= id
    if (event.text !== '' || (event.type === 'text-delta' && event.logprobs !== undefined))
      yield* lane.take(event, out)
    if (lane.touched) this.#moved = true
    if (lane.blocked) this.blocked = true
    else if (event.type === 'reasoning-delta') yield* this.#takeVendorFields(event, lane, out)
    else if (event.signature !== undefined && !lane.touched)
      lane.place({ type: 'text-delta', text: '', signature: event.signature, ...this.#mark() }, out)
  }

  // A vendor's details repeat the thought in other words, and its signature holds for the text as it was: both wait for
  // the end of the thought, and go with it only where nothing was taken out.
  *#takeVendorFields(event: ReasoningDelta, lane: TextLane, out: StreamEvent[]): Generator<undefined, void> {
    const { signature, encrypted, id, details } = event
    if (details !== undefined) this.#details = joined(this.#details, details)
    if (signature === undefined && encrypted === undefined) {
      if (event.text === '' && id !== undefined && details === undefined)
        lane.place({ type: 'reasoning-delta', text: '', id, ...this.#mark() }, out)
      return
    }
    yield* lane.end(out)
    if (lane.blocked) this.blocked = true
    if (this.blocked) return
    const kept = lane.touched
      ? {}
      : { ...(signature && { signature }), ...(this.#details !== undefined && { details: this.#details }) }
    const sealed = { ...kept, ...(encrypted && { encrypted }), ...(lane.id !== undefined && { id: lane.id }) }
    if (Object.keys(sealed).length > 0)
      out.push({ type: 'reasoning-delta', text: '', ...sealed, ...this.#mark() })
    this.#details = undefined
    this.#lane = undefined
  }

  *#endLane(out: StreamEvent[]): Generator<undefined, void> {
    const lane = this.#lane
    if (lane === undefined) return
    yield* lane.end(out)
    if (lane.touched) this.#moved = true
    if (lane.blocked) this.blocked = true
    else if (this.#details !== undefined && !lane.touched)
      out.push({ type: 'reasoning-delta', text: '', details: this.#details, ...this.#mark() })
    this.#details = undefined
    this.#lane = undefined
  }

  #callOf(id: string): JsonLane {
    let lane = this.#calls.get(id)
    if (lane === undefined) this.#calls.set(id, (lane = new JsonLane(() => this.#open('tool-arguments'))))
    return lane
  }

  *#takeArguments(id: string, delta: string, out: StreamEvent[]): Generator<undefined, void> {
    const lane = this.#callOf(id)
    this.#giveArguments(id, yield* lane.take(delta), out)
    if (lane.blocked) this.blocked = true
  }

  *#endArguments(id: string, out: StreamEvent[]): Generator<undefined, void> {
    const lane = this.#calls.get(id)
    if (lane === undefined) return
    this.#calls.delete(id)
    this.#giveArguments(id, yield* lane.end(), out)
    if (lane.blocked) this.blocked = true
  }

  #giveArguments(id: string, delta: string, out: StreamEvent[]): void {
    if (delta !== '') out.push({ type: 'tool-call-delta', id, delta, ...this.#mark() })
  }

  *#takeCall(event: ToolCallEvent, out: StreamEvent[]): Generator<undefined, void> {
    const lane = this.#calls.get(event.id)
    const seen = lane?.used === true
    yield* this.#endArguments(event.id, out)
    if (this.blocked) return
    const given = lane?.replacedNumber === true ? parseJson(lane.text) : undefined
    const kept = given ?? (yield* redactValue(() => this.#open('tool-arguments', seen), event.arguments))
    if (kept === undefined) this.blocked = true
    else out.push({ ...event, arguments: kept })
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
    if (this.#lane === undefined) out.push(kept)
    else this.#lane.place(kept, out)
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
