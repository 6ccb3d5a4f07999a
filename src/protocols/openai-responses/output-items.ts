import type { ReasoningDelta } from '../../core/event.ts'
import type { JsonObject } from '../../core/json.ts'
import { argumentsText, type ToolCall } from '../../core/message.ts'
import type { Citation, GeneratedFile, TokenLogprob } from '../../core/response.ts'
import { lineJson } from '../sse.ts'
import { annotationOf, logprobsOf, pictureOf } from './parts.ts'

/** Writes one event: its type, and its fields as JSON without the braces. */
export type Emit = (type: string, fields: string) => void

/** Status of an item when the response ends. */
export type ItemStatus = 'completed' | 'incomplete'

interface OpenItem {
  readonly kind: 'message' | 'reasoning' | 'call'
  readonly id: string
  readonly index: number
  /** `"item_id":…,"output_index":…`: part of every event about the item. */
  readonly place: string
  text: string
}
interface OpenMessage extends OpenItem {
  readonly kind: 'message'
  /** Offset of the message in the text of the response, in characters. */
  readonly start: number
  readonly annotations: JsonObject[]
}
interface OpenReasoning extends OpenItem {
  readonly kind: 'reasoning'
  /** The vendor's id of the reasoning item, if it has one. */
  readonly vendorId: string | undefined
  encrypted: string | undefined
}
interface OpenCall extends OpenItem {
  readonly kind: 'call'
  readonly callId: string
  readonly name: string
}

/** Builds the output items of one response and emits their events. */
export class OutputItems {
  /** Items in their final form. */
  readonly output: JsonObject[] = []
  readonly #base: string
  readonly #emit: Emit
  readonly #calls = new Map<string, OpenCall>()
  #open: OpenMessage | OpenReasoning | undefined
  #count = 0
  /** Characters of text so far, over all messages. */
  #length = 0
  #citations: Citation[] = []
  readonly #vendorIds = new Set<string>()

  constructor(responseId: string, emit: Emit) {
    this.#base = responseId.replace(/^resp_/, '')
    this.#emit = emit
  }

  addText(text: string, logprobs: readonly TokenLogprob[] | undefined): void {
    if (text === '') return
    const message = this.#open?.kind === 'message' ? this.#open : this.#openMessage()
    message.text += text
    this.#length += text.length
    const probable = logprobs === undefined ? '[]' : lineJson(logprobsOf(logprobs))
    const fields = `${message.place},"content_index":0,"delta":${lineJson(text)},"logprobs":${probable}`
    this.#emit('response.output_text.delta', fields)
  }

  /** Adds a citation to the open message, or to the next one if none is open. */
  cite(citation: Citation): void {
    const message = this.#open
    if (message?.kind !== 'message') this.#citations.push(citation)
    else this.#annotate(message, citation)
  }

  addReasoning({ text, id, encrypted }: ReasoningDelta): void {
    if (text === '' && encrypted === undefined) return
    const open = this.#open
    const continues =
      open?.kind === 'reasoning' && open.encrypted === undefined && (id ?? open.vendorId) === open.vendorId
    const reasoning = continues ? open : this.#openReasoning(id)
    if (encrypted !== undefined) reasoning.encrypted = encrypted
    if (text === '') return
    if (reasoning.text === '') {
      const part = lineJson({ type: 'summary_text', text: '' })
      this.#emit(
        'response.reasoning_summary_part.added',
        `${reasoning.place},"summary_index":0,"part":${part}`,
      )
    }
    reasoning.text += text
    const fields = `${reasoning.place},"summary_index":0,"delta":${lineJson(text)}`
    this.#emit('response.reasoning_summary_text.delta', fields)
  }

  openCall(callId: string, name: string): void {
    this.#close('completed')
    const call: OpenCall = { kind: 'call', callId, name, ...this.#place('fc') }
    this.#calls.set(callId, call)
    this.#added(call.index, callItem(call, 'in_progress'))
  }

  addArguments(callId: string, delta: string): void {
    const call = this.#calls.get(callId)
    if (call === undefined || delta === '') return
    call.text += delta
    this.#emit('response.function_call_arguments.delta', `${call.place},"delta":${lineJson(delta)}`)
  }

  /** Ends a call. Emits its arguments first if no delta did. */
  finishCall(whole: ToolCall): void {
    if (!this.#calls.has(whole.id)) this.openCall(whole.id, whole.name)
    const call = this.#calls.get(whole.id) as OpenCall
    if (call.text === '') this.addArguments(whole.id, argumentsText(whole))
    this.#calls.delete(whole.id)
    const fields = `${call.place},"name":${lineJson(call.name)},"arguments":${lineJson(call.text)}`
    this.#emit('response.function_call_arguments.done', fields)
    this.#done(call.index, callItem(call, 'completed'))
  }

  addFile(file: GeneratedFile): void {
    const { id, index } = this.#place('ig', pictureOf(file, '') !== undefined)
    const item = pictureOf(file, id)
    if (item === undefined) return
    this.#close('completed')
    this.#added(index, { ...item, status: 'in_progress', result: null })
    this.#done(index, item)
  }

  /** Ends all open items. `silent`: a failed response lists them but emits no events for them. */
  finishAll(status: ItemStatus, silent: boolean): void {
    if (silent) {
      if (this.#open !== undefined) this.output[this.#open.index] = closedItem(this.#open, status)
      for (const call of this.#calls.values()) this.output[call.index] = callItem(call, status)
      this.#open = undefined
      return
    }
    this.#close(status)
    for (const call of this.#calls.values()) this.#done(call.index, callItem(call, status))
    this.#calls.clear()
  }

  #place(prefix: string, counts = true): { id: string; index: number; place: string; text: string } {
    const index = counts ? this.#count++ : this.#count
    return this.#placeOf(`${prefix}_${this.#base}_${index}`, index)
  }

  #placeOf(id: string, index: number): { id: string; index: number; place: string; text: string } {
    return { id, index, place: `"item_id":${lineJson(id)},"output_index":${index}`, text: '' }
  }

  #openMessage(): OpenMessage {
    this.#close('completed')
    const message: OpenMessage = {
      kind: 'message',
      start: this.#length,
      annotations: [],
      ...this.#place('msg'),
    }
    this.#open = message
    const item = { id: message.id, type: 'message', status: 'in_progress', role: 'assistant', content: [] }
    this.#added(message.index, item)
    const part = lineJson(textPart('', []))
    this.#emit('response.content_part.added', `${message.place},"content_index":0,"part":${part}`)
    for (const citation of this.#citations) this.#annotate(message, citation)
    this.#citations = []
    return message
  }

  #annotate(message: OpenMessage, citation: Citation): void {
    const annotation = annotationOf(citation, message.start)
    if (annotation === undefined) return
    const at = message.annotations.push(annotation) - 1
    const fields = `${message.place},"content_index":0,"annotation_index":${at},"annotation":${lineJson(annotation)}`
    this.#emit('response.output_text.annotation.added', fields)
  }

  #openReasoning(vendorId: string | undefined): OpenReasoning {
    this.#close('completed')
    const place = this.#place('rs')
    // The vendor's id lets the client send the item back. Two items must not share one.
    const fresh = vendorId !== undefined && !this.#vendorIds.has(vendorId)
    if (fresh) this.#vendorIds.add(vendorId)
    const named = fresh ? this.#placeOf(vendorId, place.index) : place
    const reasoning: OpenReasoning = { kind: 'reasoning', vendorId, encrypted: undefined, ...named }
    this.#open = reasoning
    this.#added(reasoning.index, { id: reasoning.id, type: 'reasoning', summary: [] })
    return reasoning
  }

  #close(status: ItemStatus): void {
    const open = this.#open
    if (open === undefined) return
    this.#open = undefined
    if (open.kind === 'message') this.#finishMessage(open)
    else if (open.text !== '') this.#finishSummary(open)
    this.#done(open.index, closedItem(open, status))
  }

  #finishMessage({ place, text, annotations }: OpenMessage): void {
    this.#emit(
      'response.output_text.done',
      `${place},"content_index":0,"text":${lineJson(text)},"logprobs":[]`,
    )
    const part = lineJson(textPart(text, annotations))
    this.#emit('response.content_part.done', `${place},"content_index":0,"part":${part}`)
  }

  #finishSummary({ place, text }: OpenReasoning): void {
    this.#emit('response.reasoning_summary_text.done', `${place},"summary_index":0,"text":${lineJson(text)}`)
    const part = lineJson({ type: 'summary_text', text })
    this.#emit('response.reasoning_summary_part.done', `${place},"summary_index":0,"part":${part}`)
  }

  #added(index: number, item: JsonObject): void {
    this.#emit('response.output_item.added', `"output_index":${index},"item":${lineJson(item)}`)
  }

  #done(index: number, item: JsonObject): void {
    this.output[index] = item
    this.#emit('response.output_item.done', `"output_index":${index},"item":${lineJson(item)}`)
  }
}

function textPart(text: string, annotations: readonly JsonObject[]): JsonObject {
  return { type: 'output_text', text, annotations, logprobs: [] }
}

function callItem(call: OpenCall, status: ItemStatus | 'in_progress'): JsonObject {
  const { id, callId, name, text } = call
  return { id, type: 'function_call', status, call_id: callId, name, arguments: text }
}

function closedItem(open: OpenMessage | OpenReasoning, status: ItemStatus): JsonObject {
  const { id, text } = open
  if (open.kind === 'message')
    return { id, type: 'message', status, role: 'assistant', content: [textPart(text, open.annotations)] }
  const summary = text === '' ? [] : [{ type: 'summary_text', text }]
  return { id, type: 'reasoning', summary, encrypted_content: open.encrypted }
}
