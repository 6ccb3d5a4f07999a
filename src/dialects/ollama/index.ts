import type { Dialect } from '../../core/dialect.ts'
import { encode, params } from './params.ts'
import { createReader, readFault, readReply } from './reader.ts'
import { render } from './render.ts'
import { rules } from './rules.ts'

export type { OllamaQuirks } from './quirks.ts'

/** Ollama's native chat format: a message in pieces, one JSON object per line. */
export const ollamaChat: Dialect = Object.freeze({
  id: 'ollama',
  framing: 'ndjson',
  params,
  encode,
  rules,
  options: () => import('./options.ts').then(({ options }) => options),
  finishReasons: { stop: 'stop', length: 'length' },
  endpoint: () => '/chat',
  render,
  parse: (reply, _quirks, out) => readReply(reply, out),
  reader: () => createReader(),
  fault: readFault,
  models: () => import('./models.ts').then(({ modelList }) => modelList),
} satisfies Dialect)
