import { argumentsText, type ToolCall } from '../../core/message.ts'
import { lineJson, namedFrame } from '../sse.ts'

interface Block {
  readonly index: number
  readonly kind: 'text' | 'thinking' | 'tool'
  /** Id of the tool call. */
  readonly id?: string | undefined
  readonly deltaHead: string
  /** Frames held back until the blocks before this one have ended. */
  held: string
  empty: boolean
  done: boolean
}

/**
 * Writes the content blocks of one message, strictly one after another. While a tool call is incomplete, frames of later
 * blocks are held back. Frames collect until `take` returns them.
 */
export class ContentBlocks {
  // In order; the first one is open.
  readonly #blocks: Block[] = []
  #count = 0
  #out = ''
  #citations: object[] = []

  take(): string {
    const frames = this.#out
    this.#out = ''
    return frames
  }

  addText(text: string): void {
    if (text === '') return
    const block = this.#lastOf('text') ?? this.#open('text', { type: 'text', text: '' })
    this.#write(block, `${block.deltaHead}"text_delta","text":${lineJson(text)}}}\n\n`)
    for (const citation of this.#citations) this.cite(citation)
    this.#citations = []
  }

  /** Adds a citation to the open text block, or to the next one if none is open. */
  cite(citation: object): void {
    const block = this.#lastOf('text')
    if (block === undefined) this.#citations.push(citation)
    else this.#write(block, `${block.deltaHead}"citations_delta","citation":${lineJson(citation)}}}\n\n`)
  }

  addThinking(text: string): void {
    const block =
      this.#lastOf('thinking') ?? this.#open('thinking', { type: 'thinking', thinking: '', signature: '' })
    if (text !== '')
      this.#write(block, `${block.deltaHead}"thinking_delta","thinking":${lineJson(text)}}}\n\n`)
  }

  /** Adds the vendor's signature, which completes the thinking block. */
  sign(signature: string): void {
    const block =
      this.#lastOf('thinking') ?? this.#open('thinking', { type: 'thinking', thinking: '', signature: '' })
    this.#write(block, `${block.deltaHead}"signature_delta","signature":${lineJson(signature)}}}\n\n`)
    this.#finish(block)
  }

  addRedacted(data: string): void {
    this.#finish(this.#open('thinking', { type: 'redacted_thinking', data }))
  }

  openTool(id: string, name: string): void {
    this.#open('tool', { type: 'tool_use', id, name, input: {} }, id)
  }

  addInput(id: string, delta: string): void {
    const block = this.#toolOf(id)
    if (block === undefined || delta === '') return
    block.empty = false
    this.#write(block, `${block.deltaHead}"input_json_delta","partial_json":${lineJson(delta)}}}\n\n`)
  }

  /** Ends a tool call. Writes its input first if no delta did. */
  finishTool(call: ToolCall): void {
    if (this.#toolOf(call.id) === undefined) this.openTool(call.id, call.name)
    const block = this.#toolOf(call.id) as Block
    if (block.empty) this.addInput(call.id, argumentsText(call))
    this.#finish(block)
  }

  finishAll(): void {
    // `#finish` removes the first block from the list, so this loop ends.
    for (let first = this.#blocks[0]; first !== undefined; first = this.#blocks[0]) this.#finish(first)
  }

  #lastOf(kind: Block['kind']): Block | undefined {
    const last = this.#blocks.at(-1)
    return last?.kind === kind && !last.done ? last : undefined
  }

  #toolOf(id: string): Block | undefined {
    return this.#blocks.findLast((block) => block.kind === 'tool' && block.id === id && !block.done)
  }

  #open(kind: Block['kind'], content: object, id?: string): Block {
    const last = this.#blocks.at(-1)
    if (last !== undefined && last.kind !== 'tool' && !last.done) this.#finish(last)
    const index = this.#count++
    const deltaHead = `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":{"type":`
    const block: Block = { index, kind, id, deltaHead, held: '', empty: true, done: false }
    this.#blocks.push(block)
    const start = { type: 'content_block_start', index, content_block: content }
    this.#write(block, namedFrame('content_block_start', start))
    return block
  }

  #write(block: Block, frame: string): void {
    if (block === this.#blocks[0]) this.#out += frame
    else block.held += frame
  }

  #finish(block: Block): void {
    block.done = true
    this.#write(block, namedFrame('content_block_stop', { type: 'content_block_stop', index: block.index }))
    while (this.#blocks[0]?.done === true) {
      this.#blocks.shift()
      this.#out += this.#blocks[0]?.held ?? ''
    }
  }
}
