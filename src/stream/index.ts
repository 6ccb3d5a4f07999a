export { createNormalizer, type Normalizer } from './normalize.ts'
export { DeltaFastPath } from './delta-fast-path.ts'
export { createTextSizeLimit, type TextSizeLimit } from './limit-text-size.ts'
export { ChatStream, type ReplySource } from './chat-stream.ts'
