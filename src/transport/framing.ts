import { LlmError } from '../core/error.ts'
import type { FrameDecoder, Framing } from '../core/wire.ts'
import { createAwsEventStreamDecoder } from './aws-event-stream.ts'
import { createNdjsonDecoder } from './ndjson.ts'
import { createSseDecoder } from './sse.ts'

/** Creates the decoder for one stream. `maxEventBytes` is the maximum size of a frame. Throws `misconfigured` for an unknown framing. */
export function createFrameDecoder(framing: Framing, maxEventBytes: number): FrameDecoder {
  switch (framing) {
    case 'sse':
      return createSseDecoder(maxEventBytes)
    case 'ndjson':
      return createNdjsonDecoder(maxEventBytes)
    case 'aws-event-stream':
      return createAwsEventStreamDecoder(maxEventBytes)
    default:
      throw new LlmError(
        'misconfigured',
        `unknown framing ${JSON.stringify(framing)}; known: sse, ndjson, aws-event-stream`,
      )
  }
}
