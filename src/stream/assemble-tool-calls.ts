import type { ToolFragment } from '../core/dialect.ts'
import type { StreamEvent } from '../core/event.ts'
import { newId } from '../core/create-id.ts'
import { losesDigits, parseJson, type JsonValue } from '../core/json.ts'

interface OpenCall {
  readonly index: number | string | undefined
  /** The wire's own id, if it has one. */
  wireId: string | undefined
  readonly id: string
  name: string | undefined
  text: string
  whole: JsonValue | undefined
  signature: string | undefined
  details: JsonValue | undefined
  started: boolean
  /** Pieces of arguments that arrived before the name. */
  waiting: string
  done: boolean
}

/**
 * Assembles the tool calls of one answer from their pieces. A piece belongs to the call with its id, else to the open call
 * with its index, else to the newest call; a new id opens a new call. A call is complete when the wire says so or at the
 * end of the answer, and not before, because a part of its arguments may be valid JSON too.
 */
export class ToolCallAssembler {
  readonly #calls: OpenCall[] = []
  readonly #choice: number | undefined

  constructor(choice: number | undefined) {
    this.#choice = choice
  }

  /** Whether there is a call with a name. */
  get any(): boolean {
    return this.#calls.some((call) => call.name !== undefined)
  }

  /** Adds one piece, and the resulting events to `out`. */
  add(fragment: ToolFragment, out: StreamEvent[]): void {
    const call = this.#find(fragment) ?? this.#open(fragment)
    if (fragment.signature !== undefined) call.signature = fragment.signature
    if (fragment.details !== undefined) call.details = fragment.details
    if (call.name === undefined && fragment.name !== undefined && fragment.name !== '')
      call.name = fragment.name
    if (!call.started && call.name !== undefined) this.#start(call, out)
    if (fragment.arguments !== undefined) this.#setWhole(call, fragment.arguments, out)
    if (fragment.delta !== undefined && fragment.delta !== '') this.#append(call, fragment.delta, out)
    if (fragment.done === true) this.#finish(call, out)
  }

  /** Completes every call that is still open. */
  end(out: StreamEvent[]): void {
    for (const call of this.#calls) this.#finish(call, out)
  }

  #find({ id, index, name, delta }: ToolFragment): OpenCall | undefined {
    if (id !== undefined && id !== '') {
      const known = this.#calls.filter((call) => call.wireId === id && !call.done)
      const same = known.findLast((call) => call.index === index) ?? known.at(-1)
      // Some servers use one id for parallel calls. A name with another index then begins another call.
      const another = name !== undefined && name !== '' && index !== undefined && same?.index !== index
      if (same !== undefined) return another && same.name !== undefined && isComplete(same) ? undefined : same
      const nameless = this.#newest(index)
      // A late id belongs to the call without one.
      const late =
        nameless !== undefined &&
        nameless.wireId === undefined &&
        (name === undefined || name === '' || name === nameless.name)
      return late && index !== undefined ? nameless : undefined
    }
    const call = this.#newest(index)
    if (call === undefined || name === undefined || name === '' || call.name === undefined) return call
    // Without ids, a second name opens a new call, unless the wire repeats the name with every piece.
    const repeats = call.name === name && delta !== undefined && !isComplete(call)
    return repeats ? call : undefined
  }

  #newest(index: number | string | undefined): OpenCall | undefined {
    return this.#calls.findLast(
      (call) => !call.done && (index === undefined || call.index === index || call.index === undefined),
    )
  }

  #open({ id, index }: ToolFragment): OpenCall {
    const wireId = id === '' ? undefined : id
    const taken = wireId !== undefined && this.#calls.some((call) => call.id === wireId)
    const call: OpenCall = {
      index,
      wireId,
      id: wireId === undefined || taken ? newId('call') : wireId,
      name: undefined,
      text: '',
      whole: undefined,
      signature: undefined,
      details: undefined,
      started: false,
      waiting: '',
      done: false,
    }
    this.#calls.push(call)
    return call
  }

  #start(call: OpenCall, out: StreamEvent[]): void {
    call.started = true
    out.push(this.#mark({ type: 'tool-call-start', id: call.id, name: call.name ?? '' }))
    if (call.waiting !== '')
      out.push(this.#mark({ type: 'tool-call-delta', id: call.id, delta: call.waiting }))
    call.waiting = ''
  }

  #append(call: OpenCall, delta: string, out: StreamEvent[]): void {
    call.text += delta
    if (call.started) out.push(this.#mark({ type: 'tool-call-delta', id: call.id, delta }))
    else call.waiting += delta
  }

  #setWhole(call: OpenCall, whole: JsonValue, out: StreamEvent[]): void {
    call.text = ''
    call.waiting = ''
    if (typeof whole === 'string') return this.#append(call, whole, out)
    const text = JSON.stringify(whole)
    // A number that JavaScript cannot hold is an opaque object, which `stringify` writes as it was read.
    call.whole = losesDigits(text) ? undefined : whole
    this.#append(call, text, out)
  }

  #finish(call: OpenCall, out: StreamEvent[]): void {
    if (call.done) return
    call.done = true
    // A call without a name cannot be made.
    if (call.name === undefined) return
    const parsed = call.whole === undefined ? parseArguments(call.text) : { value: call.whole }
    const { id, name, signature, details, text } = call
    out.push(
      this.#mark({
        type: 'tool-call',
        id,
        name,
        arguments: parsed.value,
        ...(parsed.invalid === undefined ? undefined : { invalid: parsed.invalid }),
        ...(losesDigits(text) && parsed.invalid === undefined ? { argumentsText: text } : undefined),
        ...(signature === undefined ? undefined : { signature }),
        ...(details === undefined ? undefined : { details }),
      }),
    )
  }

  #mark<E extends StreamEvent>(event: E): E {
    return this.#choice === undefined ? event : { ...event, choice: this.#choice }
  }
}

function isComplete(call: OpenCall): boolean {
  return call.whole !== undefined || parseJson(call.text) !== undefined
}

// Missing arguments and null are an empty object. A string that holds JSON is parsed once more.
function parseArguments(text: string): { value: JsonValue; invalid?: string } {
  if (text.trim() === '') return { value: {} }
  const value = parseJson(text)
  if (value === undefined) return { value: text, invalid: 'the arguments are not valid JSON' }
  if (value === null) return { value: {} }
  if (typeof value === 'string') return { value: value.trim() === '' ? {} : (parseJson(value) ?? value) }
  return { value }
}
