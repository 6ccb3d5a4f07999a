import { LlmError } from '../../core/error.ts'

// The longest emoji in use has 22 UTF-16 units; the limit is needed because a grapheme cluster can be arbitrarily long.
const MOST_UNITS = 64
const PICTURE = /\p{Extended_Pictographic}|^\p{Regional_Indicator}{2}$|^[#*0-9]\uFE0F?\u20E3$/u
const KNOWN = /^\p{RGI_Emoji}$/v
// Characters that are shown as text unless a variation selector follows.
const TEXT_BY_DEFAULT = /(?=\p{Emoji})(?!\p{Emoji_Presentation}|\p{Emoji_Modifier})./gu

/**
 * Normalizes an emoji to its fully qualified form, with variation selectors. Throws `invalid-request` unless the value is a
 * single picture, flag or keycap.
 */
export function readEmoji(given: unknown): string {
  const text = typeof given === 'string' ? given.trim().normalize('NFC') : ''
  const clusters = new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)
  if (text === '' || text.length > MOST_UNITS || [...clusters].length !== 1 || !PICTURE.test(text)) {
    const message = 'takes one emoji such as 👍'
    throw new LlmError('invalid-request', `emoji: ${message}`, { issues: [{ path: 'emoji', message }] })
  }
  if (KNOWN.test(text)) return text
  const full = text.replaceAll('\uFE0F', '').replaceAll(TEXT_BY_DEFAULT, '$&\uFE0F')
  return KNOWN.test(full) ? full : text
}
