import type { Fault, Fragment, Reader } from '../core/dialect.ts'
import { LlmError } from '../core/error.ts'
import { parseJson, type JsonValue } from '../core/json.ts'
import type { Target } from '../core/registry.ts'
import type { Frame, FrameDecoder } from '../core/wire.ts'
import { DeltaFastPath } from '../stream/index.ts'

/** Reads the pieces of one streamed body into fragments: bytes to frames to what the dialect makes of them. */
export class FrameReader {
  readonly #target: Target
  readonly #decoder: FrameDecoder | undefined
  readonly #reader: Reader
  readonly #fastPath: DeltaFastPath | undefined

  /** Without a decoder the body came whole, and only `end` is called. */
  constructor(target: Target, decoder: FrameDecoder | undefined) {
    this.#target = target
    this.#decoder = decoder
    this.#reader = target.dialect.reader(target.quirks)
    if (this.#reader.textRepeats === true) this.#fastPath = new DeltaFastPath()
  }

  /**
   * Adds what `piece` completes to `out`; `null` is the end of the body. Returns what broke: the fragments before it are
   * good, however the network cut them.
   */
  read(piece: Uint8Array | null, out: Fragment[]): unknown {
    const frames: Frame[] = []
    let broken: unknown
    try {
      if (piece === null) this.#decoder?.end(frames)
      else this.#decoder?.push(piece, frames)
    } catch (error) {
      broken = error
    }
    try {
      for (const frame of frames) if (!this.#readFrame(frame, out, piece === null)) break
    } catch (error) {
      return error
    }
    return broken
  }

  /** Adds what the dialect's reader still holds: the body has ended. */
  end(out: Fragment[]): void {
    this.#reader.end?.(out)
  }

  // False if nothing after this frame counts.
  #readFrame(frame: Frame, out: Fragment[], isLast: boolean): boolean {
    const { data } = frame
    if (data === '[DONE]') {
      out.push({ type: 'end' })
      return false
    }
    const known = this.#fastPath?.read(frame)
    if (known !== undefined) {
      out.push(known)
      return true
    }
    const json = parseJson(data)
    if (json !== undefined) this.#readJson(frame, json, out)
    else return this.#readText(frame, out, isLast)
    return true
  }

  #readJson(frame: Frame, json: JsonValue, out: Fragment[]): void {
    const before = out.length
    this.#reader.read(json, frame.event, out)
    const only = out.length === before + 1 ? out[before] : undefined
    if (only !== undefined) this.#fastPath?.learn(frame, only)
  }

  // A frame that is no JSON.
  #readText(frame: Frame, out: Fragment[], isLast: boolean): boolean {
    const { data } = frame
    if (data.trim() === '[DONE]') out.push({ type: 'end' })
    // Some servers leave the blank lines out: all their events come as one frame, a line each.
    else if (data.includes('\n'))
      return data.split('\n').every((line) => this.#readFrame({ ...frame, data: line }, out, isLast))
    else if (isPlainError(frame)) out.push({ type: 'fault', fault: this.#faultOf(data) })
    // The last frame may have been cut: then the end is missing, which is reported as such.
    else if (!isLast && data.trim() !== '')
      throw new LlmError(
        'reply-malformed',
        `the provider sent an event that is no JSON: ${JSON.stringify(data.slice(0, 200))}`,
      )
    return true
  }

  #faultOf(message: string): Fault {
    return this.#target.dialect.fault(undefined, message)
  }
}

// An event named `error` with a plain text. JSON that does not parse was cut.
function isPlainError({ event, data }: Frame): boolean {
  return event === 'error' && /^\s*[^\s{[]/.test(data)
}
