export { createNormalizer, type Normalizer } from './normalize.ts'
export { TextPattern } from './text-pattern.ts'
export { createGuard, type Guard } from './guard.ts'
export { ChatStream, type ReplySource } from './chat-stream.ts'
