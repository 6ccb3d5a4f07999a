import { LlmError } from '../core/error.ts'
import { lazy } from '../core/lazy.ts'
import type { FrameDecoder, Framing } from '../core/wire.ts'
import { createNdjsonDecoder } from './ndjson.ts'
import { createSseDecoder } from './sse.ts'

type CreateDecoder = (maxEventBytes: number) => FrameDecoder

// One vendor streams in binary, so that others do not load its decoder.
const DECODERS: Readonly<Record<Framing, () => CreateDecoder | Promise<CreateDecoder>>> = {
  sse: () => createSseDecoder,
  ndjson: () => createNdjsonDecoder,
  'aws-event-stream': lazy(() =>
    import('./aws-event-stream.ts').then((binary) => binary.createAwsEventStreamDecoder),
  ),
}

/**
 * Creates the decoder for one stream: a promise only if its code is still to be loaded. `maxEventBytes` is the maximum size of
 * a frame. Throws `misconfigured` for an unknown framing.
 */
export function createFrameDecoder(
  framing: Framing,
  maxEventBytes: number,
): FrameDecoder | Promise<FrameDecoder> {
  if (!Object.hasOwn(DECODERS, framing)) {
    const known = Object.keys(DECODERS).join(', ')
    throw new LlmError('misconfigured', `unknown framing ${JSON.stringify(framing)}; known: ${known}`)
  }
  const create = DECODERS[framing]()
  return create instanceof Promise ? create.then((made) => made(maxEventBytes)) : create(maxEventBytes)
}
