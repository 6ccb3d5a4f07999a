import { rowOf } from '../../core/json.ts'
import { Readable, pipeline, type Transform } from 'node:stream'
import zlib from 'node:zlib'
import { LlmError } from '../../core/error.ts'
import type { ByteSource } from '../../core/wire.ts'
import { transportError } from '../explain-failure.ts'
import { originOf } from '../origin.ts'

// Pieces are delivered as they come, and a body may end without its last block.
const FLUSH = { flush: zlib.constants.Z_SYNC_FLUSH, finishFlush: zlib.constants.Z_SYNC_FLUSH }
const BROTLI = {
  flush: zlib.constants.BROTLI_OPERATION_FLUSH,
  finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH,
}

// `zstd`: not in every supported version of Node.
const DECODERS: Readonly<Record<string, (() => Transform) | undefined>> = {
  gzip: () => zlib.createGunzip(FLUSH),
  'x-gzip': () => zlib.createGunzip(FLUSH),
  deflate: () => zlib.createInflate(FLUSH),
  br: () => zlib.createBrotliDecompress(BROTLI),
  zstd: zlib.createZstdDecompress && (() => zlib.createZstdDecompress()),
}

/** Value of `accept-encoding`: the codings that this version of Node can read. */
export const ACCEPTED_CODINGS: string = ['gzip', 'deflate', 'br', ...(DECODERS['zstd'] ? ['zstd'] : [])].join(
  ', ',
)

/**
 * The body without its content codings, which `fetch` removes too. Reads reject with `network` if the data is damaged.
 * Throws `reply-malformed` for a coding that this version of Node does not have.
 */
export function decodedBody(source: ByteSource, codings: string, url: string): ByteSource {
  const names = codings
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
  const decoders = names
    .filter((name) => name !== '' && name !== 'identity')
    .map((name) => {
      const create = rowOf(DECODERS, name)
      if (create !== undefined) return create()
      source.cancel()
      const message = `${originOf(url)} compressed its reply as "${name}", which this version of Node cannot read: turn that off in the server or in a proxy in between`
      throw new LlmError('reply-malformed', message)
    })
  if (decoders.length === 0) return source
  let opened: { readonly last: Readable; readonly pieces: AsyncIterator<Uint8Array> } | undefined
  const open = (first: Uint8Array | null): AsyncIterator<Uint8Array> => {
    // Some servers leave out the two bytes before the data, of which the first names the method.
    if (decoders.length === 1 && names.includes('deflate') && first !== null && ((first[0] ?? 8) & 15) !== 8)
      decoders[0] = zlib.createInflateRaw(FLUSH)
    const last = decoders[0] as Transform
    // Errors reach the reader through the last stage.
    pipeline(
      [Readable.from(piecesOf(source, first)), ...decoders.toReversed()] as [Readable, Transform],
      () => undefined,
    )
    opened = { last, pieces: last[Symbol.asyncIterator]() as AsyncIterator<Uint8Array> }
    return opened.pieces
  }
  const fail = (error: unknown): never => {
    throw transportError(error, url, true)
  }
  const pieceOf = (pieces: AsyncIterator<Uint8Array>): Promise<Uint8Array | null> =>
    pieces.next().then(({ done, value }) => (done === true ? null : value), fail)
  return {
    read: () =>
      opened === undefined ? source.read().then((first) => pieceOf(open(first))) : pieceOf(opened.pieces),
    cancel: () => {
      source.cancel()
      opened?.last.destroy()
    },
  }
}

async function* piecesOf(source: ByteSource, first: Uint8Array | null): AsyncGenerator<Uint8Array> {
  for (let piece = first; piece !== null; piece = await source.read()) yield piece
}
