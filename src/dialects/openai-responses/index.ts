import type { Dialect } from '../../core/dialect.ts'
import { encode, params } from './params.ts'
import { LlmError } from '../../core/error.ts'
import { lazy } from '../../core/lazy.ts'
import type * as reading from './reader.ts'
import { laterFault } from '../later-fault.ts'
import { DIALECT, render } from './render.ts'
import { rules } from './rules.ts'
import { fitSamplers } from '../samplers.ts'

export type { OpenAIResponsesQuirks } from './quirks.ts'
export { responsesModels } from './traits.ts'

const load = lazy(() => import('./reader.ts'))

// Without a reader only if the dialect is used apart from a call.
function loaded(): typeof reading {
  const known = load()
  if (!(known instanceof Promise)) return known
  throw new LlmError('misconfigured', 'openai-responses: await load() before an answer is read')
}

/** The OpenAI responses format: items instead of messages, reasoning that can be sent back, tools that the server runs. */
export const openaiResponses: Dialect = Object.freeze({
  id: DIALECT,
  framing: 'sse',
  params,
  encode,
  rules,
  options: () => import('./options.ts').then(({ options }) => options),
  forcesServerTools: true,
  finishReasons: {
    completed: 'stop',
    // Incomplete without a reason is this wire's plain end.
    incomplete: 'stop',
    stop: 'stop',
    max_output_tokens: 'length',
    max_tokens: 'length',
    length: 'length',
    tool_calls: 'tool-calls',
    function_call: 'tool-calls',
    content_filter: 'content-filter',
  },
  endpoint: () => '/responses',
  render: (input, body) => {
    render(input, body)
    fitSamplers(input, body)
  },
  load,
  parse: (reply, _quirks, out) => loaded().readReply(reply, out),
  reader: () => loaded().createReader(),
  fault: laterFault(() => import('./fault.ts').then(({ readFault }) => readFault)),
} satisfies Dialect)
