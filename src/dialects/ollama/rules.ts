import { commonNames, type WireRules } from '../../core/fit/rules.ts'
import { wholePattern } from '../strict-schemas.ts'

/** What this format requires. The server renders templates of models, which read names and ids as text. */
export const rules: WireRules = Object.freeze({
  toolNames: commonNames,
  callIds: { absent: 'the server does not read ids: results belong to calls by name and order' },
  images: 'any',
  audio: 'none',
  speakerNames: { absent: 'the format has no field for the name of a speaker' },
  neighbours: 'accepted',
  userAfterResult: 'accepted',
  blankMessages: 'accepted',
  lastAssistant: 'accepted',
  lateSystem: 'in-place',
  cacheMarks: { absent: 'the server keeps prefixes by itself' },
  // The server reads these keywords of a tool's schema and no others, and makes grammars of llama.cpp for answers.
  toolSchema: {
    keeps: 'type description enum items properties required anyOf',
    root: 'object' as const,
    refs: 'none' as const,
  },
  strictSchema: { absent: 'the format has no such field' },
  answerSchema: { values: { pattern: wholePattern } },
})
