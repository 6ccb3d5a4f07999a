import { commonImages, commonNames, type WireRules } from '../../core/fit/rules.ts'
import { strictSchemas } from '../strict-schemas.ts'

/** What this format requires, by the reference and the error messages of its first vendor. */
export const rules: WireRules = Object.freeze({
  toolNames: commonNames,
  callIds: { allowed: /^[A-Za-z0-9_-]{1,64}$/, prefix: 'call_', length: 19 },
  images: commonImages,
  audio: 'none',
  speakerNames: { absent: 'the format has no field for the name of a speaker' },
  neighbours: 'accepted',
  userAfterResult: 'accepted',
  blankMessages: 'accepted',
  lastAssistant: 'accepted',
  lateSystem: 'in-place',
  cacheMarks: { absent: 'the server caches prefixes by itself, if at all' },
  ...strictSchemas,
})
