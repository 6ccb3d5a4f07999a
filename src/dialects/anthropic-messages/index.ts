import type { Dialect } from '../../core/dialect.ts'
import { unbind } from '../claude-binding.ts'
import { readFault } from './fault.ts'
import { encode, params } from './params.ts'
import { createReader, readReply } from './reader.ts'
import { render } from './render.ts'
import { rules } from './rules.ts'

export type { AnthropicMessagesQuirks } from './quirks.ts'

/** The Anthropic messages format: messages of typed blocks, streamed as named events. */
export const anthropicMessages: Dialect = Object.freeze({
  id: 'anthropic-messages',
  framing: 'sse',
  headers: { 'anthropic-version': '2023-06-01' },
  params,
  encode,
  rules,
  finishReasons: {
    end_turn: 'stop',
    stop_sequence: 'stop',
    // The answer is not complete: the model continues it if it is sent back.
    pause_turn: 'stop',
    max_tokens: 'length',
    model_context_window_exceeded: 'length',
    tool_use: 'tool-calls',
    refusal: 'content-filter',
    compaction: 'other',
  },
  endpoint: () => '/messages',
  render,
  parse: (reply, _quirks, out) => readReply(reply, out),
  reader: () => createReader(),
  fault: readFault,
  models: () => import('./models.ts').then(({ modelList }) => modelList),
  remedy: unbind({
    isThought: ({ type }) => type === 'thinking' || type === 'redacted_thinking',
    signatureOf: ({ signature, data }) => signature ?? data,
  }),
} satisfies Dialect)
