import { LlmError } from '../core/error.ts'
import type { FrameDecoder, Framing } from '../core/wire.ts'
import { createAwsEventStreamDecoder } from './aws-event-stream.ts'
import { createNdjsonDecoder } from './ndjson.ts'
import { createSseDecoder } from './sse.ts'

/** A decoder for one stream. `maxEventBytes` bounds a frame. */
export function createFrameDecoder(framing: Framing, maxEventBytes: number): FrameDecoder {
  switch (framing) {
    case 'sse':
      return createSseDecoder(maxEventBytes)
    case 'ndjson':
      return createNdjsonDecoder(maxEventBytes)
    case 'aws-event-stream':
      return createAwsEventStreamDecoder(maxEventBytes)
    default:
      throw new LlmError('misconfigured', `no decoder for the framing ${JSON.stringify(framing)}`)
  }
}
