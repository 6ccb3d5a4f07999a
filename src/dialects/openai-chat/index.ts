import type { Dialect } from '../../core/dialect.ts'
import { readFault } from '../fault.ts'
import { encode, params } from './params.ts'
import { createReader, readReply } from './reader.ts'
import { render } from './render.ts'

export type { OpenAIChatQuirks } from './quirks.ts'

/** The chat completions format: spoken by most vendors and nearly all local servers. */
export const openaiChat: Dialect = Object.freeze({
  id: 'openai-chat',
  framing: 'sse',
  params,
  encode,
  finishReasons: {
    stop: 'stop',
    eos: 'stop',
    eos_token: 'stop',
    end_turn: 'stop',
    stop_sequence: 'stop',
    COMPLETE: 'stop',
    length: 'length',
    max_tokens: 'length',
    model_length: 'length',
    model_context_window_exceeded: 'length',
    tool_calls: 'tool-calls',
    tool_call: 'tool-calls',
    tool_use: 'tool-calls',
    function_call: 'tool-calls',
    content_filter: 'content-filter',
    sensitive: 'content-filter',
    refusal: 'content-filter',
    safety: 'content-filter',
    error: 'error',
    network_error: 'error',
    insufficient_system_resource: 'error',
  },
  endpoint: () => '/chat/completions',
  render,
  parse: (reply, _quirks, out) => readReply(reply, out),
  reader: () => createReader(),
  fault: readFault,
} satisfies Dialect)
