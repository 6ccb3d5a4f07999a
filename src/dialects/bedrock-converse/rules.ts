import {
  commonImages,
  commonNames,
  shortCallIds,
  type CallIdRule,
  type WireRules,
} from '../../core/fit/rules.ts'
import { claudeSchemas } from '../claude-schemas.ts'

const callIds: CallIdRule = { allowed: /^[A-Za-z0-9_-]{1,64}$/, prefix: 'tooluse_', length: 22 }

/** What this format requires, by its reference. Neighbours are joined block by block when the messages are rendered. */
export const rules: WireRules = Object.freeze({
  toolNames: commonNames,
  callIds,
  images: commonImages,
  audio: [
    'audio/mpeg',
    'audio/wav',
    'audio/flac',
    'audio/ogg',
    'audio/opus',
    'audio/aac',
    'audio/mp4',
    'audio/webm',
  ],
  speakerNames: { absent: 'the format has no field for the name of a speaker' },
  neighbours: 'accepted',
  userAfterResult: 'accepted',
  blankMessages: 'left-out',
  lastAssistant: 'accepted',
  lateSystem: 'moved',
  cacheMarks: { absent: 'the model caches no prompts on Bedrock' },
  ...claudeSchemas,
})

/** Call ids that models of single vendors require on Bedrock. */
export const bedrockCallIds: Readonly<Record<'short' | 'loose', CallIdRule>> = {
  short: shortCallIds,
  loose: { ...callIds, allowed: /^[A-Za-z0-9_.:-]{1,64}$/ },
}
