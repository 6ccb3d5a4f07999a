import type { Fragment, Reader } from '../../core/dialect.ts'
import { LlmError } from '../../core/error.ts'
import { isObject, numberOf, objectOf, textOf, type JsonObject } from '../../core/json.ts'
import { BlockReader } from './blocks.ts'
import { readFault } from './fault.ts'
import { mergeUsage, readUsage, type WireUsage } from './usage.ts'

/** A reader for one stream of events. */
export function createReader(): Reader {
  return new EventReader()
}

/** A whole reply as fragments. Throws `reply-malformed` for one that is no message. */
export function readReply(reply: JsonObject, out: Fragment[]): void {
  if (isFault(reply, undefined)) {
    out.push({ type: 'fault', fault: readFault(undefined, reply) })
    return
  }
  const { content } = reply
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : content
  if (!Array.isArray(blocks))
    throw new LlmError(
      'reply-malformed',
      'the reply has no list of content: is the base URL that of a messages endpoint?',
    )
  const reader = new EventReader()
  reader.readMessage({ ...reply, content: blocks }, out)
  reader.readEnding(reply, undefined, out)
  out.push({ type: 'end' })
}

class EventReader implements Reader {
  readonly #blocks = new BlockReader()
  #usage: WireUsage | undefined
  /** Id of the message that has begun; empty where it has none. */
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
        if (isFault(json, event)) out.push({ type: 'fault', fault: readFault(undefined, json) })
    }
  }

  /** A message with all it holds: the whole of a plain reply, mostly nothing at the start of a stream. */
  readMessage(message: Readonly<Record<string, unknown>>, out: Fragment[]): void {
    const { content } = message
    out.push({ type: 'meta', id: textOf(message['id']), model: textOf(message['model']) })
    if (Array.isArray(content)) {
      for (const [index, block] of content.entries()) {
        this.#blocks.open(index, block, out)
        this.#blocks.close(index, out)
      }
    }
    this.#readUsage(message['usage'], out)
  }

  /** Why the model stopped, where it says so. */
  readEnding(ending: Readonly<Record<string, unknown>>, usage: unknown, out: Fragment[]): void {
    this.#readUsage(usage, out)
    const reason = textOf(ending['stop_reason'])
    if (reason === undefined) return
    this.#blocks.closeAll(out)
    readRefusal(ending['stop_details'], out)
    out.push({ type: 'finish', reason })
  }

  // A gateway may repeat the start. Another message before this one has ended is none of this answer.
  #begin(message: Readonly<Record<string, unknown>>, out: Fragment[]): void {
    const id = textOf(message['id']) ?? ''
    const known = this.#message
    this.#message = id
    if (known === undefined) this.readMessage(message, out)
    else if (known === id) this.#readUsage(message['usage'], out)
    else {
      const words = 'the provider began another message before the first had ended'
      out.push({ type: 'fault', fault: { kind: 'reply-malformed', message: words } })
    }
  }

  #readUsage(usage: unknown, out: Fragment[]): void {
    if (!isObject(usage)) return
    this.#usage = mergeUsage(this.#usage, usage)
    const neutral = readUsage(this.#usage)
    if (neutral !== undefined) out.push({ type: 'usage', usage: neutral })
  }
}

// Why the vendor declined, in its own words.
function readRefusal(details: unknown, out: Fragment[]): void {
  const { type, category, explanation } = objectOf(details)
  if (type !== 'refusal') return
  const about = textOf(category) === undefined ? '' : ` (${textOf(category)})`
  const words = textOf(explanation) === undefined ? '' : `: ${textOf(explanation)}`
  out.push({
    type: 'warning',
    warning: { type: 'other', message: `the provider declined to answer${about}${words}` },
  })
}

// An error event, an error beside nothing else, or one of the flat shapes of gateways.
function isFault(json: Readonly<Record<string, unknown>>, event: string | undefined): boolean {
  if (json['type'] === 'error' || event === 'error') return true
  if (isObject(json['error']) || textOf(json['error']) !== undefined) return true
  const bare = json['type'] === undefined && json['content'] === undefined
  return bare && (textOf(json['message']) !== undefined || json['detail'] !== undefined)
}
