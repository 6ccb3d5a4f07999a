import type { Dialect } from '../../core/dialect.ts'
import { unbind } from '../claude-binding.ts'
import type { JsonDraft } from '../../core/json.ts'
import { continuePaused } from '../paused-answer.ts'
import { encode, params } from './params.ts'
import { createReader, readFault, readReply } from './reader.ts'
import { render } from './render.ts'
import { rules } from './rules.ts'

export type { AnthropicMessagesQuirks } from './quirks.ts'

/** The Anthropic messages format: messages of typed blocks, streamed as named events. */
export const anthropicMessages: Dialect = Object.freeze({
  id: 'anthropic-messages',
  framing: 'sse',
  headers: { 'anthropic-version': '2023-06-01' },
  takeHeaders: takeBetas,
  follow: continuePaused('pause_turn'),
  forcesServerTools: true,
  citesFiles: true,
  params,
  encode,
  rules,
  options: () => import('./options.ts').then(({ options }) => options),
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

// Features in test are asked for by a header; the vendor's own clients take them as a field.
function takeBetas(body: JsonDraft): Readonly<Record<string, string>> | undefined {
  const { betas } = body
  if (!Array.isArray(betas)) return undefined
  delete body['betas']
  return { 'anthropic-beta': betas.join(',') }
}
