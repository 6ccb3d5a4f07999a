export { ContentPaths } from './content-paths.ts'
export { encoderRows, encoderSchema, type Encoder, type EncoderOptions, type StreamEnd } from './encoder.ts'
export { JsonReader, type NumberRange, type ReportIssue } from './json-reader.ts'
export type { ReadBody, ReadContext, ServerProtocol } from './protocol.ts'
export { isShutdown, publicError, type ErrorAnswer, type PublicError } from './public-error.ts'
export {
  dataFrame,
  DONE_FRAME,
  HEARTBEAT,
  lineJson,
  namedFrame,
  SSE_TYPE,
  streamEnd,
  streamStart,
} from './sse.ts'
