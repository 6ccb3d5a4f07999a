import type { Dialect } from '../../core/dialect.ts'
import { isObject, objectOf } from '../../core/json.ts'
import { unbind } from '../claude-binding.ts'
import { encode, params } from './params.ts'
import { createReader, readFault, readReply } from './reader.ts'
import { render } from './render.ts'
import { rules } from './rules.ts'

export type { BedrockConverseQuirks } from './quirks.ts'
export { bedrockCallIds } from './rules.ts'

/** The Bedrock converse format: one format for models of many vendors, streamed as a binary event stream. */
export const bedrockConverse: Dialect = Object.freeze({
  id: 'bedrock-converse',
  framing: 'aws-event-stream',
  params,
  encode,
  rules,
  options: () => import('./options.ts').then(({ options }) => options),
  citesFiles: true,
  finishReasons: {
    end_turn: 'stop',
    stop_sequence: 'stop',
    max_tokens: 'length',
    model_context_window_exceeded: 'length',
    tool_use: 'tool-calls',
    guardrail_intervened: 'content-filter',
    content_filtered: 'content-filter',
    malformed_model_output: 'error',
    malformed_tool_use: 'error',
  },
  endpoint: ({ model, stream }) => `/model/${encodeURIComponent(model)}/converse${stream ? '-stream' : ''}`,
  render,
  parse: (reply, _quirks, out) => readReply(reply, out),
  reader: () => createReader(),
  fault: readFault,
  remedy: unbind({
    isThought: ({ reasoningContent }) => isObject(reasoningContent),
    signatureOf: ({ reasoningContent }) => {
      const { reasoningText, redactedContent } = objectOf(reasoningContent)
      return objectOf(reasoningText)['signature'] ?? redactedContent
    },
  }),
} satisfies Dialect)
