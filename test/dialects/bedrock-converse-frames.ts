import { EventStreamCodec } from '@smithy/eventstream-codec'
import { fromUtf8, toUtf8 } from '@smithy/util-utf8'
import type { StreamFile } from './shapes.ts'

/** A message of an AWS event stream, as the vendor's own codec makes it. */
export function message(headers: Readonly<Record<string, string>>, payload: string): Uint8Array {
  const typed = Object.entries(headers).map(([name, value]) => [name, { type: 'string', value }] as const)
  const codec = new EventStreamCodec(toUtf8, fromUtf8)
  return codec.encode({ headers: Object.fromEntries(typed), body: fromUtf8(payload) })
}

/** `{"<event type>": payload}` as an event. */
export function event(line: string): Uint8Array {
  const [[type, payload] = ['', {}]] = Object.entries(JSON.parse(line) as Record<string, unknown>)
  return message({ ':event-type': type, ':message-type': 'event' }, JSON.stringify(payload))
}

/** An exception inside a stream. */
export function exception(type: string, payload: string): Uint8Array {
  return message({ ':exception-type': type, ':message-type': 'exception' }, payload)
}

/** Streams are kept as one JSON object a line. */
export const streamFile: StreamFile = {
  name: 'stream.jsonl',
  type: 'application/vnd.amazon.eventstream',
  encode: (file) =>
    Buffer.concat(
      file
        .toString('utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map(event),
    ),
}
