import type { Dialect } from '../../core/dialect.ts'
import { objectOf, textOf } from '../../core/json.ts'
import { params } from './params.ts'
import { createReader, readFault, readReply } from './reader.ts'
import { render } from './render.ts'
import { rules } from './rules.ts'

export { commonMarks } from './prompt.ts'
export type { KoboldQuirks, RoleMarks } from './quirks.ts'

/** The native generate format of Kobold servers: one prompt text, one answer text. */
export const koboldGenerate: Dialect = Object.freeze({
  id: 'kobold',
  framing: 'sse',
  params,
  encode: {},
  rules,
  finishReasons: { stop: 'stop', length: 'length' },
  // The path of streams is outside of the version's path.
  endpoint: ({ stream }) => (stream ? '/../extra/generate/stream' : '/generate'),
  render,
  parse: (reply, _quirks, out) => readReply(reply, out),
  reader: () => createReader(),
  fault: readFault,
  models: {
    endpoint: '/model',
    parse: (reply) => {
      const id = textOf(objectOf(reply)['result'])
      return { models: id === undefined ? [] : [{ id }] }
    },
  },
} satisfies Dialect)
