import type { Dialect } from '../../core/dialect.ts'
import { geminiEmbeddings } from '../embeddings/index.ts'
import { LlmError } from '../../core/error.ts'
import { finishReasons } from './finish.ts'
import { encode, params } from './params.ts'
import { createReader, readFault, readReply } from './reader.ts'
import { render } from './render.ts'
import { rules } from './rules.ts'

export type { GeminiQuirks } from './quirks.ts'

/** The Gemini `generateContent` format: contents with parts, the model in the path, streams without an end marker. */
export const gemini: Dialect = Object.freeze({
  id: 'gemini',
  framing: 'sse',
  params,
  encode,
  rules,
  options: () => import('./options.ts').then(({ options }) => options),
  finishReasons,
  endpoint: ({ model, stream }) =>
    `/${modelPath(model)}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
  render,
  parse: (reply, _quirks, out) => readReply(reply, out),
  reader: () => createReader(),
  fault: readFault,
  embeddings: geminiEmbeddings,
  models: () => import('./models.ts').then(({ modelList }) => modelList),
} satisfies Dialect)

// An id without a slash is one of the service's models; one with a slash (`tunedModels/mine`) is a path.
function modelPath(model: string): string {
  const segments = (model.includes('/') ? model : `models/${model}`).split('/')
  if (segments.some((segment) => /^(\.{0,2}|\s*)$/.test(segment))) {
    const message = `model ${JSON.stringify(model)} is not a model id: expected a name such as 'gemini-2.5-flash', 'models/<id>' or 'tunedModels/<id>'`
    throw new LlmError('invalid-request', message, { issues: [{ path: 'model', message }] })
  }
  return segments.map(encodeURIComponent).join('/')
}
