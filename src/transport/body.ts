import { LlmError } from '../core/error.ts'
import type { ByteSource } from '../core/wire.ts'

/** Reads a whole body as UTF-8 text. Past `maxBytes` the connection is closed and `reply-malformed` thrown, or the text cut when `cut` is set. */
export async function readBody(source: ByteSource, maxBytes: number, cut = false): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for (let piece = await source.read(); piece !== null; piece = await source.read()) {
    size += piece.length
    text += decoder.decode(piece, { stream: true })
    if (size <= maxBytes) continue
    source.cancel()
    if (cut) return text
    const message = `the reply is larger than ${maxBytes} bytes; raise stream.maxReplyBytes if it is meant to`
    throw new LlmError('reply-malformed', message)
  }
  return text + decoder.decode()
}
