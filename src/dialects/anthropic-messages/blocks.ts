import type { Fragment } from '../../core/dialect.ts'
import {
  isObject,
  listOf,
  objectOf,
  parseJson,
  textOf,
  type JsonObject,
  type JsonValue,
  rowOf,
} from '../../core/json.ts'

type Wire = Readonly<Record<string, unknown>>

/** Name of the step that holds the container in which code ran. */
export const CONTAINER = 'container'

/** An unfinished block. */
interface OpenBlock {
  readonly index: number
  readonly kind: 'text' | 'thinking' | 'redacted' | 'tool' | 'vendor'
  /** The block of the start event. */
  readonly start: Wire
  readonly id: string | undefined
  /** Position of its text in the answer, in UTF-16 units. */
  readonly from: number
  readonly citations: Wire[]
  /** Input of a tool as JSON text. */
  json: string
  signature: string
  /** Fields of a vendor's block from later events. */
  later: Wire | undefined
}

const KINDS: Readonly<Record<string, OpenBlock['kind']>> = {
  text: 'text',
  thinking: 'thinking',
  redacted_thinking: 'redacted',
  tool_use: 'tool',
}

/**
 * Reads the blocks of one answer. Blocks of tools that the vendor runs itself (searches, code, their results) are not tool
 * calls. They become steps of server tools, so that the message can be sent back whole.
 */
export class BlockReader {
  readonly #open = new Map<number, OpenBlock>()
  #newest: OpenBlock | undefined
  /** Length of the text so far, in UTF-16 units. */
  #length = 0
  /** Names of the vendor's tools by the ids of their calls. */
  readonly #names = new Map<string, string>()
  /** Whether a vendor's block came after the last text or tool call. */
  #afterVendor = false

  open(at: number | undefined, value: unknown, out: Fragment[]): void {
    const start = objectOf(value)
    const index = at ?? (this.#newest?.index ?? -1) + 1
    const held = this.#open.get(index)
    if (held !== undefined) this.#finish(held, out)
    const block: OpenBlock = {
      index,
      kind: rowOf(KINDS, String(start['type'])) ?? 'vendor',
      start,
      id: textOf(start['id']),
      from: this.#length,
      citations: [],
      json: '',
      signature: textOf(start['signature']) ?? '',
      later: undefined,
    }
    this.#open.set(index, block)
    this.#newest = block
    this.#begin(block, out)
  }

  delta(at: number | undefined, value: unknown, out: Fragment[]): void {
    if (!isObject(value)) return
    const block = at === undefined ? this.#newest : this.#open.get(at)
    const { text, thinking, partial_json: json } = value
    if (typeof text === 'string') this.#text(text, out)
    else if (typeof json === 'string') this.#input(json, block, at, out)
    else if (typeof thinking === 'string') this.#thought(thinking, block, out)
    else if (typeof value['signature'] === 'string') this.#sign(value['signature'], block, out)
    else if (isObject(value['citation'])) this.#cite(value['citation'], block, out)
    else if (block?.kind === 'vendor') {
      const { type: _type, ...fields } = value
      block.later = { ...block.later, ...fields }
    }
  }

  close(at: number | undefined, out: Fragment[]): void {
    const block = at === undefined ? this.#newest : this.#open.get(at)
    if (block !== undefined) this.#finish(block, out)
  }

  closeAll(out: Fragment[]): void {
    for (const block of this.#open.values()) this.#finish(block, out)
  }

  #begin(block: OpenBlock, out: Fragment[]): void {
    const { start, kind, index, id } = block
    const { text, thinking, data, name } = start
    if (kind === 'text' && typeof text === 'string') this.#text(text, out)
    else if (kind === 'thinking' && typeof thinking === 'string') this.#thought(thinking, block, out)
    else if (kind === 'redacted' && typeof data === 'string')
      out.push({ type: 'reasoning-delta', text: '', encrypted: data, ...this.#mark(block) })
    else if (kind === 'tool') out.push({ type: 'tool', index, id, name: textOf(name) })
    if (start['citations'] !== undefined) block.citations.push(...listOf(start['citations']).map(objectOf))
  }

  #text(text: string, out: Fragment[]): void {
    if (text === '') return
    this.#length += text.length
    this.#afterVendor = false
    out.push({ type: 'text-delta', text })
  }

  #thought(text: string, block: OpenBlock | undefined, out: Fragment[]): void {
    if (text !== '') out.push({ type: 'reasoning-delta', text, ...this.#mark(block) })
  }

  #input(json: string, block: OpenBlock | undefined, index: number | undefined, out: Fragment[]): void {
    if (block !== undefined) block.json += json
    if (block?.kind === 'vendor' || json === '') return
    out.push({ type: 'tool', index: block?.index ?? index, id: block?.id, delta: json })
  }

  // Held until the block ends, because only a whole signature is valid.
  #sign(signature: string, block: OpenBlock | undefined, out: Fragment[]): void {
    if (block?.kind === 'thinking') block.signature = signature
    else if (signature !== '' && block?.kind !== 'vendor')
      out.push({ type: 'reasoning-delta', text: '', signature })
  }

  // Held until the block ends, because a citation covers the block's whole text.
  #cite(citation: Wire, block: OpenBlock | undefined, out: Fragment[]): void {
    if (block === undefined) pushCitation(citation, undefined, out)
    else block.citations.push(citation)
  }

  #finish(block: OpenBlock, out: Fragment[]): void {
    this.#open.delete(block.index)
    const { kind, index, id, start, signature } = block
    for (const citation of block.citations)
      pushCitation(citation, { start: block.from, end: this.#length }, out)
    if (kind === 'thinking' && signature !== '')
      out.push({ type: 'reasoning-delta', text: '', signature, ...this.#mark(block) })
    if (kind === 'tool') {
      const { input } = start
      // Arguments from pieces have priority over those of the start event.
      const whole = block.json.trim() === '' ? { arguments: (input ?? {}) as JsonValue } : undefined
      out.push({ type: 'tool', index, id, ...whole, done: true })
      this.#afterVendor = false
    }
    if (kind === 'vendor' && Object.keys(start).length > 0) this.#keepVendor(block, out)
  }

  #keepVendor({ start, index, json, later, id }: OpenBlock, out: Fragment[]): void {
    const input = json.trim() === '' ? undefined : parseJson(json)
    const block = { ...start, ...later, ...(input === undefined ? undefined : { input }) } as JsonObject
    const type = String(start['type'])
    const callId = textOf(start['tool_use_id'])
    const name = textOf(start['name']) ?? this.#names.get(callId ?? '') ?? type.replace(/_tool_result$/, '')
    this.#names.set(id ?? '', name)
    const step = { id: callId ?? id ?? `${type}_${index}`, name }
    if (callId === undefined && block['input'] !== undefined)
      out.push({ type: 'server-tool-call', ...step, arguments: block['input'], block })
    else out.push({ type: 'server-tool-result', ...step, result: block })
    this.#afterVendor = true
    if (start['type'] === 'fallback') noteHandover(block, out)
  }

  // The id separates a thought from the vendor's blocks around it.
  #mark(block: OpenBlock | undefined): { readonly id: string } | undefined {
    return this.#afterVendor ? { id: `thinking_${block?.index ?? 0}` } : undefined
  }
}

// The vendor's own fallback: another model continues the answer.
function noteHandover({ from, to }: JsonObject, out: Fragment[]): void {
  const [before, after] = [from, to].map((side) => textOf(objectOf(side)['model']) ?? 'another')
  const message = `the provider replaced model ${before} by ${after} for this answer`
  out.push({ type: 'warning', warning: { type: 'other', message } })
}

interface Span {
  readonly start: number
  readonly end: number
}

function pushCitation(citation: Wire, span: Span | undefined, out: Fragment[]): void {
  const source = textOf(citation['source'])
  const url =
    textOf(citation['url']) ?? (source !== undefined && /^https?:/.test(source) ? source : undefined)
  const title =
    textOf(citation['title']) ?? textOf(citation['document_title']) ?? (url === source ? undefined : source)
  const text = textOf(citation['cited_text'])
  if (url === undefined && title === undefined && text === undefined) return
  out.push({ type: 'citation', url, title, text, ...span })
}
