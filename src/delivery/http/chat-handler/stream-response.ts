import { textOf, type JsonObject } from '../../../core/json.ts'
import { LlmError } from '../../../core/error.ts'
import { streamingBody } from '../streaming-body.ts'
import { ownerKeyOf, type GuardedRequest } from '../guards/index.ts'
import { streamHeaders } from '../stream-headers.ts'
import { numberedEncoder, type FramePosition } from './event-ids.ts'
import { encoderFor, type ChatProtocol } from './protocol.ts'
import type { AnswerIds } from './answer.ts'
import type { RouteParts } from './stream-request.ts'
import { runSource } from './run-source.ts'

/** A client's connection to a run. */
export interface Connection {
  readonly runId: string
  /** The metadata stored with the run. */
  readonly meta: JsonObject
  readonly protocol: ChatProtocol | undefined
  readonly after: FramePosition | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Ids that are newer than those in `meta`. */
  readonly ids?: Partial<AnswerIds> | undefined
}

/** Attaches to a run and streams it. A disconnect detaches the reader; expired access ends the body with `unauthorized`. */
export async function streamResponse(
  { runs, clock, options }: RouteParts,
  guarded: GuardedRequest,
  { runId, meta, protocol, after, headers, ids }: Connection,
): Promise<Response> {
  const encoder = numberedEncoder(encoderFor({ runId, meta, protocol, clock }), runId, after)
  const sent = { ...streamHeaders(encoder), 'x-stream-id': runId, ...idHeaders(meta, ids), ...headers }
  const access = guarded.watchAccess()
  const reader = await runs.attach(runId, { owner: ownerKeyOf(guarded.access) }).catch((error: unknown) => {
    access.release()
    throw error
  })
  const expire = (): void => {
    const reason: unknown = access.signal?.reason
    reader.fail(LlmError.is(reason) ? reason : new LlmError('unauthorized', 'the access has expired'))
  }
  access.signal?.addEventListener('abort', expire, { once: true })
  const { heartbeatMs, paceMs = 0 } = options
  const onEnd = (): void => {
    access.signal?.removeEventListener('abort', expire)
    access.release()
    reader.detach()
  }
  const { signal } = guarded.request
  try {
    const more = { clock, heartbeatMs, signal, onEnd }
    return new Response(streamingBody(runSource(reader, { paceMs, clock }), encoder, more), { headers: sent })
  } catch (error) {
    onEnd()
    throw error
  }
}

/** The headers that tell the stored ids of an answer. */
export function idHeaders(meta: JsonObject, ids: Partial<AnswerIds> = {}): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, header] of ID_HEADERS) {
    const id = ids[name] ?? textOf(meta[name])
    if (id !== undefined) headers[header] = headerText(id)
  }
  return headers
}

const ID_HEADERS = [
  ['conversationId', 'x-conversation-id'],
  ['messageId', 'x-message-id'],
  ['userMessageId', 'x-user-message-id'],
] as const

// Header values are ASCII; any other text is percent-encoded.
function headerText(text: string): string {
  return /^[\u0020-\u007e]*$/.test(text) ? text : encodeURIComponent(text.toWellFormed())
}
