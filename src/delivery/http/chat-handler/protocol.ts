import type { Clock } from '../../../core/clock.ts'
import { LlmError } from '../../../core/error.ts'
import { textOf, type JsonObject } from '../../../core/json.ts'
import {
  ndjsonEncoder,
  plainSseEncoder,
  plainTextEncoder,
  uiMessageEncoder,
  type Encoder,
} from '../../encoders/index.ts'

/** `sse`: small JSON frames for a page's own script. `ui-message`: the AI SDK's UI message stream. */
export type ChatProtocol = 'sse' | 'ui-message' | 'ndjson' | 'text'

const PROTOCOLS: readonly ChatProtocol[] = ['sse', 'ui-message', 'ndjson', 'text']

/** The protocol that a request asks for: `?protocol=`, the AI SDK's header, or `Accept`. Throws for one that is not there. */
export function askedProtocol(request: Request, url: URL): ChatProtocol | undefined {
  const named = url.searchParams.get('protocol')
  if (named !== null) return checkProtocol(named)
  if (request.headers.get('x-vercel-ai-ui-message-stream') !== null) return 'ui-message'
  const accept = request.headers.get('accept') ?? ''
  if (accept.includes('application/x-ndjson')) return 'ndjson'
  return accept.startsWith('text/plain') ? 'text' : undefined
}

/** Throws `invalid-request` for a protocol that is not there. */
export function checkProtocol(name: string): ChatProtocol {
  const known = PROTOCOLS.find((protocol) => protocol === name)
  if (known !== undefined) return known
  const message = `takes one of ${PROTOCOLS.join(', ')}`
  throw new LlmError('invalid-request', `protocol ${message}`, { issues: [{ path: 'protocol', message }] })
}

/** What the encoder of a run is made of. */
export interface EncoderParts {
  readonly runId: string
  /** What is stored with the run. */
  readonly meta: JsonObject
  /** In place of the one that the run began with. */
  readonly protocol: ChatProtocol | undefined
  readonly clock: Clock
}

/** The encoder of a run: made of what is stored with it, so that every reader is sent the same frames. */
export function encoderFor({ runId, meta, protocol: asked, clock }: EncoderParts): Encoder {
  const protocol = asked ?? checkProtocol(textOf(meta['protocol']) ?? 'sse')
  const createdMs = Number(meta['createdMs'] ?? 0)
  const options = { id: runId, createdMs, conversationId: textOf(meta['conversationId']) }
  switch (protocol) {
    case 'ui-message':
      return uiMessageEncoder(options)
    case 'ndjson':
      return ndjsonEncoder()
    case 'text':
      return plainTextEncoder()
    case 'sse':
      return plainSseEncoder({ ...options, clock, streamFrames: meta['streamFrames'] === true })
  }
}
