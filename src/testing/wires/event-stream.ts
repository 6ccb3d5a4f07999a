import { crc32 } from 'node:zlib'
import type { FakeFrame } from './frame.ts'

/** Encodes a message of the AWS event stream. `headers` are strings by name. */
export function eventStream(
  place: FakeFrame['place'],
  headers: Readonly<Record<string, string>>,
  json: unknown,
): FakeFrame {
  return { place, data: JSON.stringify(json), wrap: (data) => encode(headers, data) }
}

/** Type of a header value: a string with a length of two bytes. */
const TEXT = 7
const PRELUDE = 12
const CHECKSUM = 4

function encode(headers: Readonly<Record<string, string>>, data: string): Uint8Array {
  const named = Buffer.concat(Object.entries(headers).map(([name, value]) => encodeHeader(name, value)))
  const payload = Buffer.from(data)
  const message = Buffer.alloc(PRELUDE + named.length + payload.length + CHECKSUM)
  message.writeUInt32BE(message.length, 0)
  message.writeUInt32BE(named.length, 4)
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8)
  named.copy(message, PRELUDE)
  payload.copy(message, PRELUDE + named.length)
  const end = message.length - CHECKSUM
  message.writeUInt32BE(crc32(message.subarray(0, end)), end)
  return message
}

function encodeHeader(name: string, value: string): Buffer {
  const [nameBytes, bytes] = [Buffer.from(name), Buffer.from(value)]
  const length = Buffer.alloc(2)
  length.writeUInt16BE(bytes.length)
  return Buffer.concat([Buffer.from([nameBytes.length]), nameBytes, Buffer.from([TEXT]), length, bytes])
}
