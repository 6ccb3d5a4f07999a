import type { WireRules } from '../../core/fit/rules.ts'

/** What this format requires: it is one prompt, in which everything is text. */
export const rules: WireRules = Object.freeze({
  toolNames: { absent: 'the format has no tools: calls are text' },
  callIds: { absent: 'the format has no tools: calls are text' },
  images: 'none',
  audio: 'none',
  speakerNames: { absent: 'the format has no field for the name of a speaker' },
  neighbours: 'accepted',
  userAfterResult: 'accepted',
  blankMessages: 'accepted',
  lastAssistant: 'accepted',
  lateSystem: 'in-place',
  cacheMarks: { absent: 'the server keeps prefixes by itself' },
  toolSchema: {},
  strictSchema: { absent: 'the format is plain text' },
  answerSchema: {},
})
