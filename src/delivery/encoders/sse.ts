import { systemClock, type Clock } from '../../core/clock.ts'

export const SSE_TYPE = 'text/event-stream; charset=utf-8'

/** The last frame of the protocols that have one. */
export const DONE_FRAME = 'data: [DONE]\n\n'

/** A comment: readers pass it over, proxies see traffic. */
export const HEARTBEAT = ': ping\n\n'

/** JSON on one line, for readers of every kind. */
export function lineJson(value: unknown): string {
  return JSON.stringify(value).replace(ODD_BREAKS, escapeBreak)
}

// Not line ends in SSE or NDJSON, but some readers split there: JSON may write them escaped.
const ODD_BREAKS = /[\u0085\u2028\u2029]/g
const escapeBreak = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** A frame without a name. */
export function dataFrame(value: unknown): string {
  return `data: ${lineJson(value)}\n\n`
}

/** A frame with a name. */
export function namedFrame(event: string, value: unknown): string {
  return `event: ${event}\ndata: ${lineJson(value)}\n\n`
}

/** What the frames around an answer tell. */
interface Frame {
  readonly conversationId?: string | undefined
  readonly createdMs: number
  readonly clock?: Pick<Clock, 'epochMs'> | undefined
}

/** Before an answer: who answers, and since when. */
export function streamStart({ conversationId, createdMs }: Frame, model: string): string {
  const timestamp = new Date(createdMs).toISOString()
  return namedFrame('stream_start', { conversation_id: conversationId ?? null, model, timestamp })
}

/** After an answer: how it went, and until when. */
export function streamEnd({ conversationId, clock = systemClock }: Frame, success: boolean): string {
  const timestamp = new Date(clock.epochMs()).toISOString()
  return namedFrame('stream_end', { conversation_id: conversationId ?? null, success, timestamp })
}
