import { commonImages, commonNames, type WireRules } from '../../core/fit/rules.ts'
import { claudeSchemas } from '../claude-schemas.ts'

/** What this format requires, by its reference. Neighbours are joined block by block when the messages are rendered. */
export const rules: WireRules = Object.freeze({
  toolNames: commonNames,
  callIds: { allowed: /^[A-Za-z0-9_-]+$/, prefix: 'toolu_', length: 20 },
  images: commonImages,
  audio: 'none',
  speakerNames: { absent: 'the format has no field for the name of a speaker' },
  neighbours: 'accepted',
  userAfterResult: 'accepted',
  blankMessages: 'left-out',
  lastAssistant: 'accepted',
  lateSystem: 'moved',
  cacheMarks: { max: 4, tools: true, answers: 'all', auto: 'field' } as const,
  ...claudeSchemas,
})
