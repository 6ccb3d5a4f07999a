import type { FakeRequest } from '../request.ts'
import { anthropicMessages } from './anthropic-messages.ts'
import { bedrockConverse } from './bedrock-converse.ts'
import { eventStream } from './event-stream.ts'
import type { FakeFrame } from './frame.ts'
import { readAnthropicMessages } from './anthropic-messages-request.ts'
import type { FakeWire } from './wire.ts'

const PATH = /\/model\/([^/]+)\/(?:invoke|invoke-with-response-stream)$/

/** Claude in its vendor's format on Bedrock: the model in the path, a binary stream, the errors of Bedrock. */
export const bedrockInvoke: FakeWire = {
  ...bedrockConverse,
  dialect: 'bedrock-invoke',
  mount: 'bedrock-invoke',
  match: ({ method, path }) => (method === 'POST' && PATH.test(path) ? 'chat' : undefined),
  embeddings: undefined,
  read: (body, head, rules) => {
    const model = decodeURIComponent(PATH.exec(head.path)?.[1] ?? '')
    const stream = head.path.endsWith('-stream')
    return { ...readAnthropicMessages({ model, ...body }, head, rules), stream }
  },
  whole: anthropicMessages.whole,
  stream: (answer, request: FakeRequest) => anthropicMessages.stream(answer, request).map(enveloped),
}

// Each event of the format is one chunk, with its JSON as bytes in base64.
function enveloped({ place, data }: FakeFrame): FakeFrame {
  const headers = { ':message-type': 'event', ':event-type': 'chunk', ':content-type': 'application/json' }
  const bytes = Buffer.from(data).toString('base64')
  return eventStream(place, headers, { bytes })
}
