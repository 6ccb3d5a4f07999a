import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  chunkEvent,
  CHUNKS,
  CHUNKS_PER_WRITE,
  endEvents,
  FIRST_HOLD_MS,
  PACE_MS,
  wholeReply,
  wordAt,
  type Mode,
} from './wire.ts'

// The loopback provider, in a process of its own: tells its port, ends with the process that started it.

/** A long stream's events in groups, one for each network write. */
function writesOf(padding: (index: number) => string | undefined): Buffer[][] {
  const chunks = Array.from({ length: CHUNKS }, (_none, index) => chunkEvent(wordAt(index), padding(index)))
  const events = [...chunks, ...endEvents].map((event) => Buffer.from(event))
  const groups: Buffer[][] = []
  for (let at = 0; at < events.length; at += CHUNKS_PER_WRITE)
    groups.push(events.slice(at, at + CHUNKS_PER_WRITE))
  return groups
}
const joined = (groups: readonly Buffer[][]): Buffer[][] => groups.map((group) => [Buffer.concat(group)])

const alike = writesOf(() => undefined)
const coalesced = joined(alike)
const padded = joined(writesOf((index) => (index * 2_654_435_761).toString(36).slice(0, 8)))
const whole = Buffer.from(wholeReply)
const pacedEvent = Buffer.from(chunkEvent(wordAt(0)))

let answered = 0

// Paced streams take turns in slots of 5 ms, so that 1 000 of them are a steady flow and no bursts.
const SLOTS = PACE_MS / 5
const slots = Array.from({ length: SLOTS }, () => new Set<ServerResponse>())
let turn = 0
let joins = 0
setInterval(() => {
  for (const response of slots[turn++ % SLOTS]!) response.write(pacedEvent)
}, 5)

const answers: Readonly<Record<Mode, (response: ServerResponse) => void>> = {
  whole: (response) => {
    const head = { 'content-type': 'application/json', 'content-length': whole.length }
    response.writeHead(200, { ...head, 'x-request-id': `req-${++answered}` })
    response.end(whole)
  },
  coalesced: (response) => writeAll(startStream(response), coalesced),
  each: (response) => writeAll(startStream(response), alike),
  padded: (response) => writeAll(startStream(response), padded),
  first: (response) => {
    startStream(response).write(pacedEvent)
    setTimeout(() => response.end(endEvents.join('')), FIRST_HOLD_MS)
  },
  short: (response) => void startStream(response).end(pacedEvent + endEvents.join('')),
  paced: (response) => {
    startStream(response).write(pacedEvent)
    const slot = slots[joins++ % SLOTS]!
    slot.add(response)
    response.on('close', () => slot.delete(response))
  },
}

function startStream(response: ServerResponse): ServerResponse {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' })
  return response
}

/** Writes group after group, each as one network write of one HTTP chunk per item, as fast as the reader takes them. */
function writeAll(response: ServerResponse, groups: readonly (readonly Buffer[])[]): void {
  let at = 0
  const go = (): void => {
    while (at < groups.length && !response.destroyed) {
      response.cork()
      let ready = true
      for (const piece of groups[at++]!) ready = response.write(piece)
      response.uncork()
      if (ready || at === groups.length) continue
      response.once('drain', go)
      return
    }
    response.end()
  }
  go()
}

const server = createServer((request, response) => {
  const mode = (request.url ?? '').split('/')[1] as Mode
  request.on('end', () => answers[mode](response)).resume()
})
server.keepAliveTimeout = 120_000
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit(0))
