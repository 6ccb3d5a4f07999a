import type { WireRules } from '../../core/fit/rules.ts'
import { geminiSchemas } from './schema.ts'

/** What this format requires, by its reference. Neighbours are joined part by part when the messages are rendered. */
export const rules: WireRules = Object.freeze({
  toolNames: { refused: /[^A-Za-z0-9_.:-]/, refusedStart: /^[^A-Za-z_]/, max: 64 },
  callIds: { allowed: /^/, prefix: 'call_', length: 19 },
  images: ['image/png', 'image/jpeg', 'image/webp', 'image/heic', 'image/heif'],
  audio: 'any',
  speakerNames: { absent: 'the format has no field for the name of a speaker' },
  neighbours: 'accepted',
  userAfterResult: 'accepted',
  blankMessages: 'left-out',
  lastAssistant: 'accepted',
  lateSystem: 'moved',
  cacheMarks: {
    absent: 'the vendor caches prefixes by itself; give cache: { id } for content that it holds',
  },
  ...geminiSchemas,
})
