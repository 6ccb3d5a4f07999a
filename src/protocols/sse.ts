import { systemClock, type Clock } from '../core/clock.ts'

export const SSE_TYPE = 'text/event-stream; charset=utf-8'

/** The terminal frame of OpenAI's chat protocol and of those modelled on it. */
export const DONE_FRAME = 'data: [DONE]\n\n'

/** An SSE comment: clients skip it, proxies count it as traffic. */
export const HEARTBEAT = ': ping\n\n'

/** Returns `value` as JSON that every kind of line reader keeps on one line. */
export function lineJson(value: unknown): string {
  return JSON.stringify(value).replace(ODD_BREAKS, escapeBreak)
}

// Not line ends in SSE or NDJSON, but some readers split there. JSON may write them escaped.
const ODD_BREAKS = /[\u0085\u2028\u2029]/g
const escapeBreak = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** Returns an SSE frame without an event name. */
export function dataFrame(value: unknown): string {
  return `data: ${lineJson(value)}\n\n`
}

/** Returns an SSE frame with an event name. */
export function namedFrame(event: string, value: unknown): string {
  return `event: ${event}\ndata: ${lineJson(value)}\n\n`
}

interface StreamFacts {
  readonly conversationId?: string | undefined
  readonly createdMs: number
  readonly clock?: Pick<Clock, 'epochMs'> | undefined
}

/** Returns the optional `stream_start` frame: conversation, model, and when the request arrived. */
export function streamStart({ conversationId, createdMs }: StreamFacts, model: string): string {
  const timestamp = new Date(createdMs).toISOString()
  return namedFrame('stream_start', { conversation_id: conversationId ?? null, model, timestamp })
}

/** Returns the optional `stream_end` frame: conversation, success, and the time of the end. */
export function streamEnd({ conversationId, clock = systemClock }: StreamFacts, success: boolean): string {
  const timestamp = new Date(clock.epochMs()).toISOString()
  return namedFrame('stream_end', { conversation_id: conversationId ?? null, success, timestamp })
}
