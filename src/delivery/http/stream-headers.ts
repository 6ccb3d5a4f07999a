import type { Encoder } from '../../protocols/index.ts'

/** Returns the headers of a streamed response. They keep caches from storing it and proxies from buffering it. */
export function streamHeaders(encoder: Encoder): Record<string, string> {
  return {
    'content-type': encoder.contentType,
    'cache-control': 'no-cache',
    connection: 'keep-alive',
    'x-accel-buffering': 'no',
    ...encoder.headers,
  }
}
