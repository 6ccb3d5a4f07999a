import type { Dialect, Fragment, Reader } from '../../core/dialect.ts'
import {
  isObject,
  listOf,
  numberOf,
  objectOf,
  parseJson,
  textOf,
  type JsonObject,
  type JsonValue,
} from '../../core/json.ts'
import { readUsage } from './usage.ts'
import { laterFault } from '../later-fault.ts'

/** Reads error replies, by what is loaded with the first one. */
export const readFault: Dialect['fault'] = laterFault(() =>
  import('./fault.ts').then((loaded) => loaded.readFault),
)

type Wire = Readonly<Record<string, unknown>>

/** An unfinished block. `server`: a call that the vendor runs itself. */
interface OpenBlock {
  readonly kind: 'tool' | 'server' | 'other'
  /** Position of its text in the answer, in UTF-16 units. */
  readonly from: number
  readonly citations: Wire[]
  signature: string
  /** Of a `server` block: its start, and the pieces of its input and its content. */
  start: Wire
  input: string
  readonly content: JsonValue[]
}

/** Creates a reader for one stream of named events. */
export function createReader(): Reader {
  return new EventReader()
}

class EventReader implements Reader {
  readonly #open = new Map<number, OpenBlock>()
  /** Names of the tools that the service runs, by the ids of their calls. */
  readonly #names = new Map<string, string>()
  /** Length of the text so far, in UTF-16 units. */
  #length = 0
  #stopped = false

  read(json: JsonValue, event: string | undefined, out: Fragment[]): void {
    if (!isObject(json)) return
    if (event?.startsWith('exception:') === true) {
      const name = event.slice('exception:'.length)
      out.push({ type: 'fault', fault: () => readFault(undefined, json, () => name) })
      return
    }
    const index = numberOf(json['contentBlockIndex']) ?? 0
    switch (event) {
      case 'contentBlockStart':
        return this.#begin(index, objectOf(json['start']), out)
      case 'contentBlockDelta':
        return this.#delta(index, objectOf(json['delta']), out)
      case 'contentBlockStop':
        return this.#finish(index, out)
      case 'messageStop':
        return this.#stop(json, out)
      case 'metadata':
        return this.#metadata(json, out)
    }
  }

  // Blocks of text and reasoning have no start event.
  #block(index: number, kind: OpenBlock['kind'] = 'other'): OpenBlock {
    let block = this.#open.get(index)
    if (block === undefined) {
      block = { kind, from: this.#length, citations: [], signature: '', input: '', content: [], start: {} }
      this.#open.set(index, block)
    }
    return block
  }

  #begin(index: number, start: Wire, out: Fragment[]): void {
    const { toolUse, toolResult } = start
    if (isObject(toolResult) || objectOf(toolUse)['type'] === 'server_tool_use')
      this.#block(index, 'server').start = start
    else if (isObject(toolUse)) {
      this.#block(index, 'tool')
      out.push({ type: 'tool', index, id: textOf(toolUse['toolUseId']), name: textOf(toolUse['name']) })
    }
  }

  #delta(index: number, delta: Wire, out: Fragment[]): void {
    const block = this.#block(index)
    const { text, toolUse, reasoningContent, citation } = delta
    if (block.kind === 'server') {
      block.input += textOf(objectOf(toolUse)['input']) ?? ''
      block.content.push(...(listOf(delta['toolResult']) as JsonValue[]))
      return
    }
    if (typeof text === 'string') {
      this.#length += text.length
      if (text !== '') out.push({ type: 'text-delta', text })
    } else if (isObject(toolUse)) out.push({ type: 'tool', index, delta: textOf(toolUse['input']) })
    else if (isObject(reasoningContent)) this.#think(reasoningContent, block, out)
    else if (isObject(citation)) block.citations.push(citation)
  }

  // A signature is held until the block ends, because only a whole one is valid.
  #think({ text, signature, redactedContent, data }: Wire, block: OpenBlock, out: Fragment[]): void {
    if (typeof signature === 'string') block.signature += signature
    const encrypted = textOf(redactedContent) ?? textOf(data)
    if (encrypted !== undefined) out.push({ type: 'reasoning-delta', text: '', encrypted })
    const thought = textOf(text)
    if (thought !== undefined) out.push({ type: 'reasoning-delta', text: thought })
  }

  #finish(index: number, out: Fragment[]): void {
    const block = this.#open.get(index)
    if (block === undefined) return
    this.#open.delete(index)
    const { kind, signature, citations, from } = block
    if (signature !== '') out.push({ type: 'reasoning-delta', text: '', signature })
    for (const citation of citations) pushCitation(citation, { start: from, end: this.#length }, out)
    if (kind === 'tool') out.push({ type: 'tool', index, done: true })
    if (kind === 'server') pushStep(serverBlock(block), this.#names, out)
  }

  #stop(json: Wire, out: Fragment[]): void {
    for (const index of this.#open.keys()) this.#finish(index, out)
    this.#stopped = true
    out.push({ type: 'finish', reason: textOf(json['stopReason']) })
  }

  // Sent last, after the stop event.
  #metadata(json: Wire, out: Fragment[]): void {
    pushUsage(json['usage'], out)
    if (this.#stopped) out.push({ type: 'end' })
  }
}

/** Adds the fragments of a whole reply to `out`. */
export function readReply(reply: JsonObject, out: Fragment[]): void {
  const { output, usage, stopReason } = reply
  const message = objectOf(output)['message']
  if (!isObject(message)) {
    out.push({ type: 'fault', fault: () => readFault(undefined, reply) })
    return
  }
  let length = 0
  const names = new Map<string, string>()
  listOf(message['content']).forEach((block, index) => {
    length = readBlock(objectOf(block), { index, from: length, names }, out)
  })
  pushUsage(usage, out)
  out.push({ type: 'finish', reason: textOf(stopReason) }, { type: 'end' })
}

interface Place {
  readonly index: number
  /** Position of the block's text in the answer, in UTF-16 units. */
  readonly from: number
  /** Names of the tools that the service runs, by the ids of their calls. */
  readonly names: Map<string, string>
}

/** Returns the length of the answer's text after this block. */
function readBlock(block: Wire, { index, from, names }: Place, out: Fragment[]): number {
  const { text, toolUse, reasoningContent, citationsContent } = block
  if (typeof text === 'string') {
    if (text !== '') out.push({ type: 'text-delta', text })
    return from + text.length
  }
  if (isObject(citationsContent)) return readCited(citationsContent, from, out)
  if (isObject(reasoningContent)) readThought(reasoningContent, out)
  else if (isObject(block['toolResult']) || objectOf(toolUse)['type'] === 'server_tool_use')
    pushStep(block as JsonObject, names, out)
  else if (isObject(toolUse)) {
    const { toolUseId, name, input } = toolUse
    const whole = (input ?? {}) as JsonValue
    out.push({ type: 'tool', index, id: textOf(toolUseId), name: textOf(name), arguments: whole, done: true })
  }
  return from
}

// A block of the service's own tools, whole again.
function serverBlock({ start, input, content }: OpenBlock): JsonObject {
  const { toolUse, toolResult } = start as { toolUse?: JsonObject; toolResult?: JsonObject }
  if (toolUse !== undefined) return { toolUse: { ...toolUse, input: parseJson(input) ?? {} } }
  return { toolResult: { ...toolResult, content } }
}

function pushStep(block: JsonObject, names: Map<string, string>, out: Fragment[]): void {
  const { toolUse, toolResult } = block
  const { toolUseId, name: given, input, type } = objectOf(toolUse ?? toolResult)
  const id = textOf(toolUseId) ?? ''
  const name = textOf(given) ?? names.get(id) ?? textOf(type) ?? ''
  names.set(id, name)
  if (isObject(toolUse))
    out.push({ type: 'server-tool-call', id, name, arguments: (input ?? {}) as JsonValue, block })
  else out.push({ type: 'server-tool-result', id, name, result: block })
}

function readCited(cited: Wire, start: number, out: Fragment[]): number {
  const text = textsOf(cited['content'])
  if (text !== '') out.push({ type: 'text-delta', text })
  const end = start + text.length
  for (const citation of listOf(cited['citations'])) pushCitation(objectOf(citation), { start, end }, out)
  return end
}

function readThought({ reasoningText, redactedContent, redactedReasoning }: Wire, out: Fragment[]): void {
  const { text, signature } = objectOf(reasoningText)
  const encrypted = textOf(redactedContent) ?? textOf(objectOf(redactedReasoning)['data'])
  if (encrypted !== undefined) out.push({ type: 'reasoning-delta', text: '', encrypted })
  if (typeof text === 'string' || typeof signature === 'string')
    out.push({ type: 'reasoning-delta', text: textOf(text) ?? '', signature: textOf(signature) })
}

function pushUsage(value: unknown, out: Fragment[]): void {
  const usage = readUsage(value)
  if (usage !== undefined) out.push({ type: 'usage', usage })
}

function pushCitation(citation: Wire, span: { start: number; end: number }, out: Fragment[]): void {
  const { url, domain } = objectOf(objectOf(citation['location'])['web'])
  const title = textOf(citation['title']) ?? textOf(domain)
  const text = textOf(textsOf(citation['sourceContent']))
  if (url === undefined && title === undefined && text === undefined) return
  out.push({ type: 'citation', url: textOf(url), title, text, ...(span.end > span.start ? span : undefined) })
}

function textsOf(parts: unknown): string {
  return listOf(parts)
    .map((part) => textOf(objectOf(part)['text']) ?? '')
    .join('')
}
