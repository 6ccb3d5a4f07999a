import type { Dialect, Reader } from '../../core/dialect.ts'
import type { ModelListApi } from '../../core/model-list.ts'
import type { ModerationApi } from '../../core/moderation.ts'
import { commonEmbeddings } from '../embeddings/index.ts'
import { encode, params } from './params.ts'
import { createReader, readFault, readReply } from './reader.ts'
import { render } from './render.ts'
import { rules } from './rules.ts'
import { addReasoning } from './usage.ts'

export { openModelSamplers } from './params.ts'
export type { OpenAIChatQuirks } from './quirks.ts'

/** A model list that also tells capabilities or prices, as those of Mistral and OpenRouter do. */
export const detailedModelList = (): Promise<ModelListApi> =>
  import('./detailed-models.ts').then(({ detailedModelList: list }) => list)

/** The moderation format. `defaultModel`: the vendor's own. */
export const moderationApi =
  (defaultModel: string): (() => Promise<ModerationApi>) =>
  () =>
    import('./moderation.ts').then(({ moderationApi: create }) => create(defaultModel))

/** The OpenAI chat completions format, which most vendors and nearly all local servers accept. */
export const openaiChat: Dialect = Object.freeze({
  id: 'openai-chat',
  framing: 'sse',
  params,
  encode,
  rules,
  options: () => import('./options.ts').then(({ options }) => options),
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
    function_call_filter: 'error',
    abort: 'error',
    insufficient_system_resource: 'error',
  },
  endpoint: () => '/chat/completions',
  render,
  parse: (reply, quirks, out) => {
    readReply(reply, out)
    if (quirks['reasoningApart'] === true) addReasoning(out, 0)
  },
  reader: (quirks) => (quirks['reasoningApart'] === true ? addingReasoning(createReader()) : createReader()),
  fault: readFault,
  embeddings: commonEmbeddings(),
  models: () => import('./models.ts').then(({ modelList }) => modelList),
} satisfies Dialect)

function addingReasoning(reader: Reader): Reader {
  return {
    read: (json, event, out) => {
      const from = out.length
      reader.read(json, event, out)
      addReasoning(out, from)
    },
    end: (out) => reader.end?.(out),
  }
}
