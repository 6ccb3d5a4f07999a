import { LlmError } from '../core/error.ts'
import { objectOf, parseJson } from '../core/json.ts'
import type { Frame, FrameDecoder } from '../core/wire.ts'
import { tooLarge } from './sse.ts'

// Total length, length of the headers, checksum of both.
const PRELUDE_BYTES = 12
const CHECKSUM_BYTES = 4

/**
 * Creates a decoder for AWS event streams. A frame is named by `:event-type`; the data of a `chunk` is the text inside it.
 * An exception or error is named `exception:` plus its type and always has JSON data. The decoder throws
 * `reply-malformed` if a checksum or a length is wrong.
 */
export function createAwsEventStreamDecoder(maxEventBytes: number): FrameDecoder {
  return new EventStreamDecoder(maxEventBytes)
}

class EventStreamDecoder implements FrameDecoder {
  readonly #maxEventBytes: number
  readonly #checksums = checksumTable()
  // The unfinished message: first its prelude, then a buffer of its full length.
  #message: Uint8Array = new Uint8Array(PRELUDE_BYTES)
  #filled = 0

  constructor(maxEventBytes: number) {
    this.#maxEventBytes = maxEventBytes
  }

  push(piece: Uint8Array, out: Frame[]): void {
    for (let at = 0; at < piece.length;) {
      const whole = this.#filled === 0 ? this.#wholeAt(piece, at) : undefined
      if (whole !== undefined) {
        at += whole.length
        this.#take(whole, out)
      } else at += this.#fill(piece, at, out)
    }
  }

  // A truncated message needs no error here, because the reader of the frames misses the end of the answer.
  end(): void {
    this.#filled = 0
  }

  // The usual case: a network read holds whole messages, and nothing is copied.
  #wholeAt(piece: Uint8Array, at: number): Uint8Array | undefined {
    if (piece.length - at < PRELUDE_BYTES) return undefined
    const length = this.#lengthOf(piece.subarray(at, at + PRELUDE_BYTES))
    return piece.length - at < length ? undefined : piece.subarray(at, at + length)
  }

  #fill(piece: Uint8Array, at: number, out: Frame[]): number {
    const part = piece.subarray(at, at + this.#message.length - this.#filled)
    this.#message.set(part, this.#filled)
    this.#filled += part.length
    if (this.#filled < this.#message.length) return part.length
    if (this.#filled === PRELUDE_BYTES) {
      const message = new Uint8Array(this.#lengthOf(this.#message))
      message.set(this.#message)
      this.#message = message
    } else {
      const message = this.#message
      this.#message = new Uint8Array(PRELUDE_BYTES)
      this.#filled = 0
      this.#take(message, out)
    }
    return part.length
  }

  // The checksum first, because any other body would look like a message of some gigabytes.
  #lengthOf(prelude: Uint8Array): number {
    const view = viewOf(prelude)
    if (view.getUint32(8) !== this.#checksum(prelude.subarray(0, 8)))
      throw damaged('this is not an event stream, or its start is missing: check baseUrl')
    const length = view.getUint32(0)
    if (length > this.#maxEventBytes) throw tooLarge(this.#maxEventBytes)
    if (view.getUint32(4) > length - PRELUDE_BYTES - CHECKSUM_BYTES)
      throw damaged('a message is shorter than its headers')
    return length
  }

  #take(message: Uint8Array, out: Frame[]): void {
    const view = viewOf(message)
    const end = message.length - CHECKSUM_BYTES
    if (view.getUint32(end) !== this.#checksum(message.subarray(0, end)))
      throw damaged('the checksum of a message is wrong')
    const payloadAt = PRELUDE_BYTES + view.getUint32(4)
    const headers = readHeaders(message.subarray(PRELUDE_BYTES, payloadAt))
    out.push(frameOf(headers, decode(message.subarray(payloadAt, end))))
  }

  #checksum(bytes: Uint8Array): number {
    let sum = 0xffffffff
    for (const byte of bytes) sum = (this.#checksums[(sum ^ byte) & 0xff] as number) ^ (sum >>> 8)
    return (sum ^ 0xffffffff) >>> 0
  }
}

// CRC-32 with the polynomial of zip and PNG. Not from `node:zlib`, because edge runtimes lack it.
function checksumTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_none, index) => {
    let sum = index
    for (let bit = 0; bit < 8; bit++) sum = (sum & 1) === 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1
    return sum
  })
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

type Headers = Readonly<Record<string, string>>

const TEXT_TYPE = 7
// Bytes of a value by its type; values of types 6 (bytes) and 7 (text) follow their length of two bytes.
const VALUE_BYTES: readonly (number | undefined)[] = [0, 0, 1, 2, 4, 8, undefined, undefined, 8, 16]

/** The headers that are text; others are skipped. */
function readHeaders(bytes: Uint8Array): Headers {
  const headers: Record<string, string> = {}
  const view = viewOf(bytes)
  try {
    for (let at = 0; at < bytes.length;) {
      const nameEnd = at + 1 + view.getUint8(at)
      const type = view.getUint8(nameEnd)
      if (type >= VALUE_BYTES.length) throw damaged(`a header has a value of the unknown type ${type}`)
      const fixed = VALUE_BYTES[type]
      const valueAt = nameEnd + (fixed === undefined ? 3 : 1)
      const end = valueAt + (fixed ?? view.getUint16(nameEnd + 1))
      if (end > bytes.length) throw damaged('a header is longer than its message')
      if (type === TEXT_TYPE)
        headers[decode(bytes.subarray(at + 1, nameEnd))] = decode(bytes.subarray(valueAt, end))
      at = end
    }
  } catch (error) {
    throw LlmError.is(error) ? error : damaged('a header is longer than its message')
  }
  return headers
}

function frameOf(headers: Headers, payload: string): Frame {
  switch (headers[':message-type']) {
    case 'exception':
      return { event: `exception:${headers[':exception-type'] ?? ''}`, data: asJson(payload) }
    case 'error': {
      const message = headers[':error-message'] ?? payload
      return { event: `exception:${headers[':error-code'] ?? ''}`, data: JSON.stringify({ message }) }
    }
    default: {
      const event = headers[':event-type']
      return { event, data: event === 'chunk' ? unwrapped(payload) : payload }
    }
  }
}

// A chunk holds the model's own event in base64.
function unwrapped(payload: string): string {
  const { bytes } = objectOf(parseJson(payload))
  if (typeof bytes !== 'string') return payload
  try {
    return decode(Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0)))
  } catch {
    return payload
  }
}

// An exception may be empty or plain text.
function asJson(payload: string): string {
  return payload.trimStart().startsWith('{') ? payload : JSON.stringify({ message: payload })
}

function damaged(what: string): LlmError {
  return new LlmError('reply-malformed', `the event stream is damaged: ${what}`)
}
