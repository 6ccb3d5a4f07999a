import { LlmError } from '../../core/error.ts'

// The longest sequence in use, a family of four with skin tones, has 22 units: a cluster may be drawn out without end.
const MOST_UNITS = 64
const PICTURE = /\p{Extended_Pictographic}|^\p{Regional_Indicator}{2}$|^[#*0-9]\uFE0F?\u20E3$/u
const KNOWN = /^\p{RGI_Emoji}$/v
// Shown as text unless the mark for pictures follows.
const TEXT_BY_DEFAULT = /(?=\p{Emoji})(?!\p{Emoji_Presentation}|\p{Emoji_Modifier})./gu

/**
 * An emoji in the one form under which it is kept: any single grapheme cluster that is a picture, flag or keycap, with the
 * marks that its full form has. Throws `invalid-request` for anything else.
 */
export function readEmoji(given: unknown): string {
  const text = typeof given === 'string' ? given.trim().normalize('NFC') : ''
  const clusters = new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)
  if (text === '' || text.length > MOST_UNITS || [...clusters].length !== 1 || !PICTURE.test(text)) {
    const message = 'takes one emoji, such as 👍'
    throw new LlmError('invalid-request', `emoji: ${message}`, { issues: [{ path: 'emoji', message }] })
  }
  if (KNOWN.test(text)) return text
  const full = text.replaceAll('\uFE0F', '').replaceAll(TEXT_BY_DEFAULT, '$&\uFE0F')
  return KNOWN.test(full) ? full : text
}
