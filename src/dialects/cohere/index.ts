import type { Dialect } from '../../core/dialect.ts'
import { cohereEmbeddings } from '../embeddings/index.ts'
import { encode, params } from './params.ts'
import { createReader, readFault, readReply } from './reader.ts'
import { DIALECT, render } from './render.ts'
import { rules } from './rules.ts'

export type { CohereQuirks } from './quirks.ts'

/** The Cohere chat format, version 2: its own events, tool plans and citations. */
export const cohereChat: Dialect = Object.freeze({
  id: DIALECT,
  framing: 'sse',
  params,
  encode,
  rules,
  options: () => import('./options.ts').then(({ options }) => options),
  citesFiles: true,
  finishReasons: {
    COMPLETE: 'stop',
    STOP_SEQUENCE: 'stop',
    MAX_TOKENS: 'length',
    TOOL_CALL: 'tool-calls',
    ERROR: 'error',
    TIMEOUT: 'error',
    ERROR_LIMIT: 'length',
    ERROR_TOXIC: 'content-filter',
  },
  endpoint: () => '/chat',
  render,
  parse: (reply, _quirks, out) => readReply(reply, out),
  reader: () => createReader(),
  fault: readFault,
  embeddings: cohereEmbeddings,
  models: () => import('./models.ts').then(({ modelList }) => modelList),
} satisfies Dialect)
