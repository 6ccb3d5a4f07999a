import type { Encoder } from '../encoders/index.ts'

/** The head of a streamed answer: no cache keeps it, no proxy holds it back. */
export function streamHeaders(encoder: Encoder): Record<string, string> {
  return {
    'content-type': encoder.contentType,
    'cache-control': 'no-cache',
    connection: 'keep-alive',
    'x-accel-buffering': 'no',
    ...encoder.headers,
  }
}
