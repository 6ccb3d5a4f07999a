import { LlmError } from '../core/error.ts'
import type { ByteSource } from '../core/wire.ts'

const utf8 = new TextDecoder()

/**
 * Reads a whole body as UTF-8 text. A body of more than `maxBytes` closes the connection and rejects with
 * `reply-malformed`; with `cut` the text ends there instead.
 */
export async function readBody(source: ByteSource, maxBytes: number, cut = false): Promise<string> {
  const pieces: Uint8Array[] = []
  let size = 0
  for (let piece = await source.read(); piece !== null; piece = await source.read()) {
    pieces.push(piece)
    size += piece.length
    if (size <= maxBytes) continue
    source.cancel()
    if (cut) break
    const message = `the reply is larger than ${maxBytes} bytes: raise stream.maxReplyBytes if replies of this size are expected`
    throw new LlmError('reply-malformed', message)
  }
  return utf8.decode(joined(pieces, size))
}

function joined(pieces: readonly Uint8Array[], size: number): Uint8Array | undefined {
  if (pieces.length <= 1) return pieces[0]
  const whole = new Uint8Array(size)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}
