import { commonNames, speakerNames, type WireRules } from '../../core/fit/rules.ts'
import { strictSchemas } from '../strict-schemas.ts'

/** What this format requires, by the reference and the error messages of its first vendor. */
export const rules: WireRules = Object.freeze({
  toolNames: commonNames,
  callIds: { allowed: /^.{1,40}$/s, prefix: 'call_', length: 19 },
  images: 'any',
  audio: 'any',
  speakerNames,
  neighbours: 'accepted',
  userAfterResult: 'accepted',
  blankMessages: 'accepted',
  lastAssistant: 'accepted',
  lateSystem: 'in-place',
  cacheMarks: { absent: 'the server caches prefixes by itself, if at all' },
  ...strictSchemas,
})
