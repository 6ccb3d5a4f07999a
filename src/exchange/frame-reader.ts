import type { Fault, Fragment, Reader } from '../core/dialect.ts'
import { LlmError } from '../core/error.ts'
import { isObject, parseJson, parseWire, type JsonValue } from '../core/json.ts'
import type { Target } from '../core/registry.ts'
import type { Frame, FrameDecoder } from '../core/wire.ts'
import { DeltaFastPath } from '../stream/index.ts'
import { isKeepAlive, visible } from '../transport/index.ts'

/** Decodes one streamed body: bytes into frames, and frames into fragments by the reader of the dialect. */
export class FrameReader {
  readonly #target: Target
  readonly #decoder: FrameDecoder | undefined
  readonly #reader: Reader
  readonly #fastPath: DeltaFastPath | undefined

  /** Without a decoder the body is whole, and only `end` may be called. */
  constructor(target: Target, decoder: FrameDecoder | undefined) {
    this.#target = target
    this.#decoder = decoder
    this.#reader = target.dialect.reader(target.quirks)
    if (this.#reader.textRepeats === true) this.#fastPath = new DeltaFastPath()
  }

  /**
   * Adds the fragments that `piece` completes to `out`; `null` is the end of the body. Returns the decoding error, if any;
   * the fragments before it are valid.
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

  /** Adds the fragments that the dialect's reader has buffered. Called at the end of the body. */
  end(out: Fragment[]): void {
    this.#reader.end?.(out)
  }

  // Returns false if the frames after this one are ignored.
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
    const json = this.#fastPath === undefined ? parseWire(data) : parseJson(data)
    if (json !== undefined) this.#readJson(frame, json, out)
    else return this.#readText(frame, out, isLast)
    return true
  }

  #readJson(frame: Frame, json: JsonValue, out: Fragment[]): void {
    const before = out.length
    this.#reader.read(json, frame.event, out)
    // In a shape that the dialect does not know.
    if (frame.event === 'error' && out.length === before && isObject(json))
      out.push({ type: 'fault', fault: this.#faultOf(json) })
    const only = out.length === before + 1 ? out[before] : undefined
    if (only !== undefined) this.#fastPath?.learn(frame, only)
  }

  // Reads a frame that is not JSON.
  #readText(frame: Frame, out: Fragment[], isLast: boolean): boolean {
    const { data } = frame
    // A proxy may wrap an event in another, or mark its start.
    const inner = visible(data).replace(/^data: ?/, '')
    if (inner.length < data.trimStart().length) return this.#readFrame({ ...frame, data: inner }, out, isLast)
    if (data.trim() === '[DONE]') out.push({ type: 'end' })
    // Some servers omit the blank lines, so all their events arrive as one frame, one per line.
    else if (data.includes('\n'))
      return data.split('\n').every((line) => this.#readFrame({ ...frame, data: line }, out, isLast))
    else if (isPlainError(frame)) out.push({ type: 'fault', fault: this.#faultOf(data) })
    // The last frame may be cut. The missing end of the stream is then reported instead.
    else if (!isLast && data.trim() !== '' && !isKeepAlive(frame.event ?? '') && !isKeepAlive(data))
      throw new LlmError(
        'reply-malformed',
        `the provider sent an event that is not JSON: ${JSON.stringify(data.slice(0, 200))}`,
      )
    return true
  }

  #faultOf(body: unknown): () => Fault | Promise<Fault> {
    return () => this.#target.dialect.fault(undefined, body)
  }
}

// Whether an event is named `error` and contains plain text. Text that begins like JSON was cut.
function isPlainError({ event, data }: Frame): boolean {
  return event === 'error' && /^\s*[^\s{[]/.test(data)
}
