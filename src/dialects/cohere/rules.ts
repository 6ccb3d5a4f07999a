import { commonImages, commonNames, type WireRules } from '../../core/fit/rules.ts'
import { cohereSchemas } from './schema.ts'

/** What this format requires, by its reference. */
export const rules: WireRules = Object.freeze({
  toolNames: commonNames,
  callIds: { absent: 'the reference sets no form: ids of any vendor are accepted' },
  images: commonImages,
  audio: 'none',
  speakerNames: { absent: 'the format has no field for the name of a speaker' },
  neighbours: 'accepted',
  userAfterResult: 'accepted',
  blankMessages: 'left-out',
  lastAssistant: 'refused',
  lateSystem: 'in-place',
  cacheMarks: { absent: 'the format has no cache of prompts' },
  ...cohereSchemas,
})
