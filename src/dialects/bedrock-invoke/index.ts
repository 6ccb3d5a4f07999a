import type { Dialect, Reader } from '../../core/dialect.ts'
import { anthropicMessages } from '../anthropic-messages/index.ts'
import { bedrockConverse } from '../bedrock-converse/index.ts'

/** The Anthropic messages format on Bedrock: in a binary event stream, with the errors of the converse format. */
export const bedrockInvoke: Dialect = Object.freeze({
  ...anthropicMessages,
  framing: 'aws-event-stream',
  headers: undefined,
  takeHeaders: (body) => {
    // In the body under another name.
    if (body['betas'] !== undefined) body['anthropic_beta'] = body['betas']
    delete body['betas']
    return undefined
  },
  endpoint: ({ model, stream }) =>
    `/model/${encodeURIComponent(model)}/invoke${stream ? '-with-response-stream' : ''}`,
  render: (input, body) => {
    anthropicMessages.render(input, body)
    // Bedrock reads both from the URL and refuses them in the body.
    delete body['model']
    delete body['stream']
  },
  reader: (quirks) => createReader(anthropicMessages.reader(quirks), bedrockConverse.reader(quirks)),
  fault: bedrockConverse.fault,
  models: undefined,
} satisfies Dialect)

function createReader(messages: Reader, exceptions: Reader): Reader {
  return {
    read: (json, event, out) => {
      if (event?.startsWith('exception:') === true) exceptions.read(json, event, out)
      else messages.read(json, undefined, out)
    },
  }
}
