export { createFetchTransport } from './fetch.ts'
export { createFrameDecoder } from './framing.ts'
export { readBody } from './body.ts'
export { retryAfterOf } from './retry-after.ts'
