import { commonNames, type WireRules } from '../../core/fit/rules.ts'

/** What this format requires. The server renders templates of models, which read names and ids as text. */
export const rules: WireRules = Object.freeze({
  toolNames: commonNames,
  callIds: { absent: 'the server does not read ids: results belong to calls by name and order' },
  images: 'any',
  neighbours: 'accepted',
  userAfterResult: 'accepted',
  blankMessages: 'accepted',
  lastAssistant: 'accepted',
  lateSystem: 'in-place',
})
