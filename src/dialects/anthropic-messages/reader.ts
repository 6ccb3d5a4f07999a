import type { Dialect, Fragment, Reader } from '../../core/dialect.ts'
import { LlmError } from '../../core/error.ts'
import { isObject, numberOf, objectOf, textOf, type JsonObject } from '../../core/json.ts'
import { noteTransformed } from '../transformations.ts'
import { BlockReader, CONTAINER } from './blocks.ts'
import { mergeUsage, readUsage, type WireUsage } from './usage.ts'
import { laterFault } from '../later-fault.ts'

/** Reads error replies, by what is loaded with the first one. */
export const readFault: Dialect['fault'] = laterFault(() =>
  import('./fault.ts').then((loaded) => loaded.readFault),
)

/** Creates a reader for one stream of events. */
export function createReader(): Reader {
  return new EventReader()
}

/** Adds the fragments of a whole reply to `out`. Throws `reply-malformed` if it is not a message. */
export function readReply(reply: JsonObject, out: Fragment[]): void {
  if (isFault(reply, undefined)) {
    out.push({ type: 'fault', fault: () => readFault(undefined, reply) })
    return
  }
  const { content } = reply
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : content
  if (!Array.isArray(blocks))
    throw new LlmError(
      'reply-malformed',
      'the reply has no list of content: check that baseUrl is a messages endpoint',
    )
  const reader = new EventReader()
  reader.readMessage({ ...reply, content: blocks }, out)
  reader.readEnding(reply, undefined, out)
  out.push({ type: 'end' })
}

class EventReader implements Reader {
  readonly #blocks = new BlockReader()
  #usage: WireUsage | undefined
  #container: string | undefined
  /** Id of the message that has begun; empty if it has none. */
  #message: string | undefined

  read(json: unknown, event: string | undefined, out: Fragment[]): void {
    if (!isObject(json)) return
    switch (json['type'] ?? event) {
      case 'content_block_delta':
        this.#blocks.delta(numberOf(json['index']), json['delta'], out)
        return
      case 'content_block_start':
        this.#blocks.open(numberOf(json['index']), json['content_block'], out)
        return
      case 'content_block_stop':
        this.#blocks.close(numberOf(json['index']), out)
        return
      case 'ping':
        return
      case 'message_start':
        this.#begin(objectOf(json['message']), out)
        return
      case 'message_delta':
        this.readEnding(objectOf(json['delta']), json['usage'], out)
        return
      case 'message_stop':
        this.#blocks.closeAll(out)
        out.push({ type: 'end' })
        return
      case 'message':
        readReply(json as JsonObject, out)
        return
      default:
        if (isFault(json, event)) out.push({ type: 'fault', fault: () => readFault(undefined, json) })
    }
  }

  /** Reads a message: all of a plain reply, usually an empty one at the start of a stream. */
  readMessage(message: Readonly<Record<string, unknown>>, out: Fragment[]): void {
    const { content } = message
    out.push({ type: 'meta', id: textOf(message['id']), model: textOf(message['model']) })
    if (Array.isArray(content)) {
      for (const [index, block] of content.entries()) {
        this.#blocks.open(index, block, out)
        this.#blocks.close(index, out)
      }
    }
    noteTransformed(message['input_transformations'], out)
    this.#readContainer(message['container'], out)
    this.#readUsage(message['usage'], out)
  }

  /** Reads usage and, if present, the stop reason. */
  readEnding(ending: Readonly<Record<string, unknown>>, usage: unknown, out: Fragment[]): void {
    this.#readContainer(ending['container'], out)
    this.#readUsage(usage, out)
    const reason = textOf(ending['stop_reason'])
    if (reason === undefined) return
    this.#blocks.closeAll(out)
    readRefusal(ending['stop_details'], out)
    out.push({ type: 'finish', reason })
  }

  // A gateway may repeat the start. Another message before the end of this one is an error.
  #begin(start: Readonly<Record<string, unknown>>, out: Fragment[]): void {
    const id = textOf(start['id']) ?? ''
    const known = this.#message
    this.#message = id
    if (known === undefined) this.readMessage(start, out)
    else if (known === id) this.#readUsage(start['usage'], out)
    else {
      const message = 'the provider began a second message before the end of the first'
      out.push({ type: 'fault', fault: { kind: 'reply-malformed', message } })
    }
  }

  #readContainer(container: unknown, out: Fragment[]): void {
    const id = textOf(objectOf(container)['id'])
    if (id === undefined || id === this.#container) return
    this.#container = id
    out.push({ type: 'server-tool-result', id, name: CONTAINER, result: container as JsonObject })
  }

  #readUsage(usage: unknown, out: Fragment[]): void {
    if (!isObject(usage)) return
    this.#usage = mergeUsage(this.#usage, usage)
    const neutral = readUsage(this.#usage)
    if (neutral !== undefined) out.push({ type: 'usage', usage: neutral, merged: true })
  }
}

// The vendor's own explanation of a refusal.
function readRefusal(details: unknown, out: Fragment[]): void {
  const { type, category, explanation } = objectOf(details)
  if (type !== 'refusal') return
  const about = textOf(category) === undefined ? '' : ` (${textOf(category)})`
  const why = textOf(explanation) === undefined ? '' : `: ${textOf(explanation)}`
  out.push({
    type: 'warning',
    warning: { type: 'other', message: `the provider declined to answer${about}${why}` },
  })
}

// An error event, an `error` field, or one of the flat shapes of gateways.
function isFault(json: Readonly<Record<string, unknown>>, event: string | undefined): boolean {
  if (json['type'] === 'error' || event === 'error') return true
  if (isObject(json['error']) || textOf(json['error']) !== undefined) return true
  const bare = json['type'] === undefined && json['content'] === undefined
  return bare && (textOf(json['message']) !== undefined || json['detail'] !== undefined)
}
