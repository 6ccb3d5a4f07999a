import type { Frame, FrameDecoder } from '../core/wire.ts'
import { tooLarge } from './sse.ts'

/**
 * Creates a decoder for newline-delimited JSON: one frame per line. Throws `reply-malformed` after more than `maxEventBytes`
 * without a frame.
 */
export function createNdjsonDecoder(maxEventBytes: number): FrameDecoder {
  const decoder = new TextDecoder()
  // Pieces of the unfinished line, joined once at its end so that a long line takes linear time.
  let pieces: string[] = []
  // Characters since the last frame, blank lines included.
  let silent = 0
  const hold = (text: string): void => {
    silent += text.length
    if (silent > maxEventBytes) throw tooLarge(maxEventBytes)
    if (text !== '') pieces.push(text)
  }
  const flush = (out: Frame[]): void => {
    const line = pieces.join('').trim()
    pieces = []
    if (line === '') silent++
    else {
      silent = 0
      out.push({ data: line })
    }
  }
  const feed = (text: string, out: Frame[]): void => {
    let from = 0
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', from)) {
      hold(text.slice(from, at))
      flush(out)
      from = at + 1
    }
    hold(text.slice(from))
  }
  return {
    push: (piece, out) => feed(decoder.decode(piece, { stream: true }), out),
    end: (out) => {
      feed(decoder.decode(), out)
      flush(out)
    },
  }
}
