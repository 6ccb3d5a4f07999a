import type { ToolFragment } from '../core/dialect.ts'
import type { StreamEvent } from '../core/event.ts'
import { newId } from '../core/create-id.ts'
import type { Schemas } from '../core/fit/load-schemas.ts'
import { losesDigits, parseJson, type JsonValue } from '../core/json.ts'
import type { ResolvedTool } from '../core/params.ts'

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
  /** Pieces of arguments that were not delivered: they arrived before the name, or are an empty object so far. */
  waiting: string
  done: boolean
}

/**
 * Assembles the tool calls of one answer from their pieces. A piece belongs to the call with its id, else to the open call
 * with its index, else to the newest call. A new id with a name opens a new call, unless the call before it is unfinished.
 * A call is complete when the wire says so or at the end of the answer, and not before, because a part of its arguments may
 * be valid JSON too.
 */
export class ToolCallAssembler {
  readonly #calls: OpenCall[] = []
  readonly #choice: number | undefined
  readonly #tools: readonly ResolvedTool[]
  readonly #schemas: Schemas | undefined

  /** `tools`: those of the request, for their names, and with `schemas` for their schemas. */
  constructor(choice: number | undefined, tools: readonly ResolvedTool[] = [], schemas?: Schemas) {
    this.#choice = choice
    this.#tools = tools
    this.#schemas = schemas
  }

  /** Whether there is a call with a name. */
  get any(): boolean {
    return this.#calls.some((call) => call.name !== undefined)
  }

  /** Adds one piece, and the resulting events to `out`. */
  add(piece: ToolFragment, out: StreamEvent[]): void {
    const name = this.#knownName(piece.name)
    const fragment = name === piece.name ? piece : { ...piece, name }
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

  #find({ id = '', index, name = '', delta }: ToolFragment): OpenCall | undefined {
    if (id !== '') {
      const known = this.#calls.filter((call) => call.wireId === id && !call.done)
      const same = known.findLast((call) => call.index === index) ?? known.at(-1)
      // Some servers use one id for parallel calls. A name with another index then begins another call.
      const another = name !== '' && index !== undefined && same?.index !== index
      if (same !== undefined) return another && same.name !== undefined && isComplete(same) ? undefined : same
    }
    const call = this.#newest(index)
    if (call === undefined) return name === '' ? this.#unfinished() : undefined
    // A late id belongs to the call without one. Some servers make a new id for every piece of a call.
    if (id !== '' && call.wireId === undefined)
      return index !== undefined && (name === '' || name === call.name) ? call : undefined
    if (id !== '' && name === '' && index === undefined) return this.#unfinished()
    if (name === '' || call.name === undefined) return call
    // A second name opens a new call, unless the wire repeats the name with every piece.
    const begun = call.text !== '' || parseJson(delta || '{}') === undefined
    const goesOn = id === '' ? delta !== undefined : begun
    return goesOn && call.name === name && !isComplete(call) ? call : undefined
  }

  // The newest call, if its arguments are not complete: some servers count up the index with every piece.
  #unfinished(): OpenCall | undefined {
    const call = this.#calls.at(-1)
    return call === undefined || call.done || call.name === undefined || isComplete(call) ? undefined : call
  }

  // The tool that a name means which holds marks of the model's format: `get<|channel|>commentary`, `functions.get:0`.
  #knownName(name: string | undefined): string | undefined {
    if (name === undefined || this.#tools.length === 0) return name
    const isTool = (wanted: string): boolean => this.#tools.some((tool) => tool.name === wanted)
    if (isTool(name)) return name
    const [, clean = name] =
      /^\s*(?:(?:functions?|tools?|default_api)[.:])?(.*?)(?:<\||:\d+$|\s*$)/s.exec(name) ?? []
    return isTool(clean) ? clean : name
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
    if (!isEmptyObject(call.waiting)) this.#deliver(call, out)
  }

  #append(call: OpenCall, delta: string, out: StreamEvent[]): void {
    // Some servers send an empty object before the arguments, or all of them once more after the pieces.
    if (isEmptyObject(call.waiting) && delta.trim() !== '') call.text = call.waiting = ''
    else if (delta === call.text && isComplete(call)) return
    call.text += delta
    call.waiting += delta
    if (call.started && !isEmptyObject(call.waiting)) this.#deliver(call, out)
  }

  #deliver(call: OpenCall, out: StreamEvent[]): void {
    const { id, waiting: delta } = call
    call.waiting = ''
    if (delta !== '') out.push(this.#mark({ type: 'tool-call-delta', id, delta }))
  }

  #setWhole(call: OpenCall, whole: JsonValue, out: StreamEvent[]): void {
    const text = typeof whole === 'string' ? whole : JSON.stringify(whole)
    // A number that JavaScript cannot hold is an opaque object, which `stringify` writes as it was read.
    if (typeof whole !== 'string') call.whole = losesDigits(text) ? undefined : whole
    if (text === call.text) return
    call.text = ''
    call.waiting = ''
    this.#append(call, text, out)
  }

  #finish(call: OpenCall, out: StreamEvent[]): void {
    if (call.done) return
    call.done = true
    // A call without a name cannot be made.
    if (call.name === undefined) return
    this.#deliver(call, out)
    const parsed = call.whole === undefined ? parseArguments(call.text) : { value: call.whole }
    const { id, name, signature, details, text } = call
    out.push(
      this.#mark({
        type: 'tool-call',
        id,
        name,
        arguments: this.#restored(name, parsed.value),
        ...(parsed.invalid === undefined ? undefined : { invalid: parsed.invalid }),
        ...(losesDigits(text) && parsed.invalid === undefined ? { argumentsText: text } : undefined),
        ...(signature === undefined ? undefined : { signature }),
        ...(details === undefined ? undefined : { details }),
      }),
    )
  }

  #restored(name: string, value: JsonValue): JsonValue {
    const tool = this.#tools.find((one) => one.name === name)
    const schemas = this.#schemas
    return tool === undefined || schemas === undefined ? value : schemas.restoreArguments(value, tool)
  }

  #mark<E extends StreamEvent>(event: E): E {
    return this.#choice === undefined ? event : { ...event, choice: this.#choice }
  }
}

function isComplete({ whole, text }: OpenCall): boolean {
  if (whole !== undefined) return true
  // Looked at before parsing, which would take quadratic time over many pieces.
  const isOpen = text.startsWith('{') && !text.trimEnd().endsWith('}')
  return !isOpen && parseJson(text) !== undefined
}

function isEmptyObject(text: string): boolean {
  return text.length < 8 && text.replace(/\s/g, '') === '{}'
}

// Missing arguments and null are an empty object. A string that holds JSON is parsed once more.
function parseArguments(text: string): { value: JsonValue; invalid?: string } {
  if (text.trim() === '') return { value: {} }
  const value = parseJson(text) ?? parseJson(once(text))
  if (value === undefined) return { value: text, invalid: 'the arguments are not valid JSON' }
  if (value === null) return { value: {} }
  if (typeof value === 'string') return { value: value.trim() === '' ? {} : (parseJson(value) ?? value) }
  return { value }
}

// Arguments without empty objects around them, and once if they are written twice.
function once(text: string): string {
  const rest = text.replace(/^(\s*\{\s*\})+|(\{\s*\}\s*)+$/g, '')
  const half = rest.slice(0, rest.length / 2)
  return half + half === rest ? half : rest
}
