import type { Clock } from '../../../core/clock.ts'
import { LlmError } from '../../../core/error.ts'
import { textOf, type JsonObject } from '../../../core/json.ts'
import {
  agUiEncoder,
  ndjsonEncoder,
  plainSseEncoder,
  plainTextEncoder,
  uiMessageEncoder,
} from '../../encoders/index.ts'
import type { Encoder } from '../../../protocols/index.ts'

/**
 * Protocol of a streamed answer. `sse`: small JSON frames for a page's own script. `ui-message`: the AI SDK's UI message stream.
 * `ag-ui`: the events of the Agent-User Interaction protocol.
 */
export type ChatProtocol = 'sse' | 'ui-message' | 'ag-ui' | 'ndjson' | 'text'

/** All protocols. */
export const PROTOCOLS: readonly [ChatProtocol, ...ChatProtocol[]] = [
  'sse',
  'ui-message',
  'ag-ui',
  'ndjson',
  'text',
]

/** Returns the protocol that a request names by `?protocol=`, the AI SDK's header or `Accept`. Throws `invalid-request` if it is unknown. */
export function askedProtocol(request: Request, url: URL): ChatProtocol | undefined {
  const named = url.searchParams.get('protocol')
  if (named !== null) return checkProtocol(named)
  if (request.headers.get('x-vercel-ai-ui-message-stream') !== null) return 'ui-message'
  const accept = request.headers.get('accept') ?? ''
  if (accept.includes('application/x-ndjson')) return 'ndjson'
  return accept.startsWith('text/plain') ? 'text' : undefined
}

/** Returns a known protocol. Throws `invalid-request` for any other name. */
export function checkProtocol(name: string): ChatProtocol {
  const known = PROTOCOLS.find((protocol) => protocol === name)
  if (known !== undefined) return known
  const message = `must be one of ${PROTOCOLS.join(', ')}`
  throw new LlmError('invalid-request', `protocol ${message}`, { issues: [{ path: 'protocol', message }] })
}

/** What the encoder of a run is created from. */
export interface EncoderParts {
  readonly runId: string
  /** The metadata stored with the run. */
  readonly meta: JsonObject
  /** Overrides the protocol that the run started with. */
  readonly protocol: ChatProtocol | undefined
  readonly clock: Clock
}

/** Creates the encoder of a run from its stored metadata, so that every reader gets the same frames. */
export function encoderFor({ runId, meta, protocol: asked, clock }: EncoderParts): Encoder {
  const protocol = asked ?? checkProtocol(textOf(meta['protocol']) ?? 'sse')
  const createdMs = Number(meta['createdMs'] ?? 0)
  const [messageId, userMessageId] = [textOf(meta['messageId']), textOf(meta['userMessageId'])]
  const conversationId = textOf(meta['conversationId'])
  const [approvals, continues] = [meta['approvals'] === true, meta['continues'] === true]
  const ids = { conversationId, messageId, userMessageId }
  const options = { id: messageId ?? runId, createdMs, ...ids, approvals, continues }
  switch (protocol) {
    case 'ui-message':
      return uiMessageEncoder(options)
    case 'ag-ui':
      return agUiEncoder({ ...options, runId: textOf(meta['agUiRunId']) ?? runId })
    case 'ndjson':
      return ndjsonEncoder()
    case 'text':
      return plainTextEncoder()
    case 'sse':
      return plainSseEncoder({ ...options, clock, streamFrames: meta['streamFrames'] === true })
  }
}
